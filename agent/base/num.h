/* Numbers from and to text, independent of the locale. Pure functions, any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NUM_MAX = 32 }; /* the longest text of a double, with its NUL */

/* Writes the shortest decimal that reads back as the same double ("1", "0.25", "1e+300", "NaN", "+Inf",
 * "-Inf") without a NUL, and returns its length. `out` has NUM_MAX bytes. */
size_t num_format(double v, char *out);
size_t num_format_u64(uint64_t v, char *out);

/* The whole of [s, s + len) as a number; false when it is anything else or does not fit. */
bool num_parse_u64(const char *s, size_t len, uint64_t *out);
bool num_parse_i64(const char *s, size_t len, int64_t *out);
/* The value of one hexadecimal digit of either case, or -1. */
int num_hex_digit(char c);
bool num_parse_hex(const char *s, size_t len, uint64_t *out);  /* with or without 0x */
bool num_parse_double(const char *s, size_t len, double *out); /* also NaN, Inf, +Inf, -Inf in any case */
