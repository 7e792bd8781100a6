/* Lines out of a block of bytes. Pure but for the arena. */
#pragma once

#include "base/arena.h"
#include "base/scan.h"

#define LINE_CUT_MARK "[cut]"

/* Whether all bytes are below 0x80. */
bool lines_ascii(const char *s, size_t len);

/* The text with each byte that is no UTF-8 replaced by U+FFFD; in the arena. */
struct span line_repair(struct arena *a, struct span line);

/* At most `max` bytes of it, ending with the mark; in the arena. */
struct span line_cut(struct arena *a, struct span line, size_t max);

/* Without a carriage return at its end, and without the NULs that a truncated file may begin with. */
struct span line_trim(struct span line);
