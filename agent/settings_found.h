/* Settings for whoever has written none: what the environment already tells other programs of their servers. */
#pragma once

#include "base/buf.h"

/* Writes a configuration of the targets that variables name, as YAML; an empty text where none does. Values are only
 * referred to, as ${NAME}, but for addresses. */
void settings_write_found(struct buf *out);
