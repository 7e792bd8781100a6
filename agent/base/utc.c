#include "base/utc.h"

#include <ctype.h>
#include <stddef.h>
#include <time.h>

/* The digits behind the point, as a part of one. */
static double scan_fraction(const char **rest)
{
	double fraction = 0, unit = 1;

	for (; isdigit((unsigned char)**rest); (*rest)++) {
		unit /= 10;
		fraction += unit * (**rest - '0');
	}
	return fraction;
}

bool utc_parse(const char *text, double *seconds)
{
	struct tm tm = {0};
	const char *rest = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
	double fraction = 0;

	if (!rest || tm.tm_year < 70)
		return false;
	if (*rest == '.') {
		rest++;
		fraction = scan_fraction(&rest);
	}
	if (rest[0] != 'Z' || rest[1])
		return false;
	*seconds = (double)timegm(&tm) + fraction;
	return true;
}
