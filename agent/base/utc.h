/* Times as JSON interfaces write them: "2026-11-20T10:00:00.123456789Z". Pure functions, any thread. */
#pragma once

#include <stdbool.h>

/* Seconds since 1970; false for anything else (NULL, another zone) and for times before 1970. */
bool utc_parse(const char *text, double *seconds);
