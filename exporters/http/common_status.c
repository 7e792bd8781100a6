#include <ctype.h>
#include <stdlib.h>

#include "exporters/http/common_http.h"

/* "200" and "2xx" as the first and last status that they mean. */
static bool read_one(const char *text, size_t len, int *first, int *last)
{
	if (len != 3 || text[0] < '1' || text[0] > '5')
		return false;
	*first = *last = (text[0] - '0') * 100;
	if (!strncasecmp(text + 1, "xx", 2)) {
		*last += 99;
		return true;
	}
	if (!isdigit((unsigned char)text[1]) || !isdigit((unsigned char)text[2]))
		return false;
	*first += (text[1] - '0') * 10 + (text[2] - '0');
	*last = *first;
	return true;
}

static bool read_range(const char *pattern, int *first, int *last)
{
	const char *dash = strchr(pattern, '-');
	int ignored;

	if (!dash)
		return read_one(pattern, strlen(pattern), first, last);
	return read_one(pattern, (size_t)(dash - pattern), first, &ignored) &&
	       read_one(dash + 1, strlen(dash + 1), &ignored, last);
}

bool http_status_valid(const char *pattern)
{
	int first, last;

	return read_range(pattern, &first, &last) && first <= last;
}

bool http_status_matches(const char *pattern, int status)
{
	int first, last;

	return read_range(pattern, &first, &last) && status >= first && status <= last;
}
