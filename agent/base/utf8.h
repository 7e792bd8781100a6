/* UTF-8 as the standard has it: no overlong forms, no surrogates, nothing above U+10FFFF.
 * Pure functions, any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define UTF8_REPLACEMENT "\xef\xbf\xbd"

/* Bytes of the character that starts at s (1 to 4), or 0 where there is none that is valid. s < end. */
size_t utf8_len(const char *s, const char *end);

bool utf8_valid(const char *s, size_t len);
