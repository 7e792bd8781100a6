#include "base/num.h"

#include <ctype.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DECIMALS_MAX = 9 };

static const double powers_of_ten[DECIMALS_MAX + 1] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
static const double FRACTION_MIN = 1e-4;            /* below it an exponent is shorter */
static const double EXACT_MAX = 9007199254740992.0; /* 2^53: up to here each integer is a double */

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

static void make_c_locale(void)
{
	c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

size_t num_format_u64(uint64_t v, char *out)
{
	char digits[20];
	size_t n = 0, len;

	do {
		digits[n++] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	for (len = 0; n; len++)
		out[len] = digits[--n];
	return len;
}

static size_t format_special(double v, char *out)
{
	const char *text = isnan(v) ? "NaN" : v > 0 ? "+Inf" : "-Inf";
	size_t len = strlen(text);

	memcpy(out, text, len);
	return len;
}

/* Fewest digits by trial: whatever has at most 15 comes out with as many, and 17 are always enough to read back. What
 * is below DBL_MIN has fewer than 15 to begin with. */
static size_t format_slow(double v, char *out)
{
	locale_t before;
	int len = 0;

	pthread_once(&c_locale_once, make_c_locale);
	before = uselocale(c_locale);
	for (int precision = v < DBL_MIN ? 1 : 15; precision <= 17; precision++) {
		len = snprintf(out, NUM_MAX, "%.*g", precision, v);
		if (strtod(out, NULL) == v)
			break;
	}
	uselocale(before);
	return (size_t)len;
}

static size_t put_decimals(uint64_t fraction, int decimals, char *out)
{
	for (int i = decimals - 1; i >= 0; i--) {
		out[i] = (char)('0' + fraction % 10);
		fraction /= 10;
	}
	return (size_t)decimals;
}

static size_t format_decimal(uint64_t scaled, int decimals, char *out)
{
	uint64_t unit = (uint64_t)powers_of_ten[decimals];
	size_t len = num_format_u64(scaled / unit, out);
	uint64_t fraction = scaled % unit;

	if (!decimals)
		return len;
	out[len++] = '.';
	return len + put_decimals(fraction, decimals, out + len);
}

/* A double's binary fraction, in quarters of its last bit, so that half the distance to both neighbours is whole. */
struct binary_fraction {
	unsigned __int128 rest; /* below one */
	unsigned __int128 one;  /* 2^bits */
	int bits;
	unsigned __int128 below, above; /* half the distance to the neighbours */
	bool even;                      /* a reader rounds a tie to this double */
};

/* The shortest digits behind the point that lie nearer to this double than to its neighbours, and how many; 10^n
 * when they round up to one. After Steele and White, with exact arithmetic. */
static uint64_t shortest_fraction(struct binary_fraction *f, int *decimals)
{
	uint64_t digits = 0;

	for (*decimals = 1;; ++*decimals) {
		bool low, high;

		f->rest *= 10;
		f->below *= 10;
		f->above *= 10;
		digits = digits * 10 + (uint64_t)(f->rest >> f->bits);
		f->rest &= f->one - 1;
		low = f->rest < f->below || (f->even && f->rest == f->below);
		high = f->rest + f->above > f->one || (f->even && f->rest + f->above == f->one);
		if (low || high)
			return digits + (high && (!low || f->rest * 2 >= f->one));
	}
}

/* For values whose fraction fits into 128 bits, which is all that anybody measures. */
static size_t format_fraction(double v, char *out)
{
	int exponent;
	uint64_t mantissa = (uint64_t)ldexp(frexp(v, &exponent), DBL_MANT_DIG);
	int bits = DBL_MANT_DIG - exponent + 2; /* of the fraction, in quarters */
	unsigned __int128 scaled = (unsigned __int128)mantissa << 2, one = (unsigned __int128)1 << bits;
	struct binary_fraction f = {
		.rest = scaled & (one - 1), .one = one, .bits = bits, .above = 2, .even = mantissa % 2 == 0};
	uint64_t whole = (uint64_t)(scaled >> bits), digits, carry = 1;
	int decimals;
	size_t len;

	f.below = mantissa == UINT64_C(1) << (DBL_MANT_DIG - 1) ? 1 : 2;
	digits = shortest_fraction(&f, &decimals);
	for (int i = 0; i < decimals && i < 19; i++)
		carry *= 10;
	if (digits == carry)
		return num_format_u64(whole + 1, out);
	len = num_format_u64(whole, out);
	out[len++] = '.';
	return len + put_decimals(digits, decimals, out + len);
}

/* Both the scaled integer and the power of ten are exact doubles, so their quotient is rounded once, as a
 * reader of the decimal rounds it: equality proves that the text reads back, and the first `decimals` that
 * passes is the shortest. */
size_t num_format(double v, char *out)
{
	size_t sign = signbit(v) ? 1 : 0;
	double magnitude = fabs(v);

	if (!isfinite(v))
		return format_special(v, out);
	if (sign)
		*out++ = '-';
	for (int decimals = 0; decimals <= DECIMALS_MAX; decimals++) {
		double scaled = nearbyint(magnitude * powers_of_ten[decimals]);

		if (scaled >= EXACT_MAX)
			break;
		if (scaled / powers_of_ten[decimals] == magnitude)
			return sign + format_decimal((uint64_t)scaled, decimals, out);
	}
	if (magnitude >= FRACTION_MIN && magnitude < EXACT_MAX)
		return sign + format_fraction(magnitude, out);
	return sign + format_slow(magnitude, out);
}

bool num_parse_u64(const char *s, size_t len, uint64_t *out)
{
	uint64_t v = 0;

	if (!len)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned digit = (unsigned char)s[i] - (unsigned)'0';

		if (digit > 9 || __builtin_mul_overflow(v, 10u, &v) || __builtin_add_overflow(v, digit, &v))
			return false;
	}
	*out = v;
	return true;
}

bool num_parse_i64(const char *s, size_t len, int64_t *out)
{
	bool negative = len && *s == '-';
	uint64_t magnitude;

	if (!num_parse_u64(s + negative, len - negative, &magnitude))
		return false;
	if (magnitude > (uint64_t)INT64_MAX + negative)
		return false;
	*out = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
	return true;
}

int num_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool num_parse_hex(const char *s, size_t len, uint64_t *out)
{
	uint64_t v = 0;

	if (len > 2 && s[0] == '0' && (s[1] | 0x20) == 'x') {
		s += 2;
		len -= 2;
	}
	if (!len || len > 16)
		return false;
	for (size_t i = 0; i < len; i++) {
		int digit = num_hex_digit(s[i]);

		if (digit < 0)
			return false;
		v = v << 4 | (unsigned)digit;
	}
	*out = v;
	return true;
}

static bool parse_special(const char *s, size_t len, double *out)
{
	double sign = len && *s == '-' ? -1 : 1;

	if (len && (*s == '-' || *s == '+')) {
		s++;
		len--;
	}
	if ((len == 3 && !strncasecmp(s, "inf", 3)) || (len == 8 && !strncasecmp(s, "infinity", 8)))
		*out = sign * INFINITY;
	else if (len == 3 && !strncasecmp(s, "nan", 3))
		*out = NAN;
	else
		return false;
	return true;
}

bool num_parse_double(const char *s, size_t len, double *out)
{
	char text[512];
	uint64_t integer;
	char *end;

	if (len <= 15 && num_parse_u64(s, len, &integer)) {
		*out = (double)integer;
		return true;
	}
	if (!len || len >= sizeof(text))
		return false;
	if (parse_special(s, len, out))
		return true;
	for (size_t i = 0; i < len; i++)
		if (!isdigit((unsigned char)s[i]) && !strchr("+-.eE", s[i]))
			return false;
	memcpy(text, s, len);
	text[len] = '\0';
	pthread_once(&c_locale_once, make_c_locale);
	*out = strtod_l(text, &end, c_locale);
	return end == text + len && isfinite(*out); /* a NUL inside ends it early */
}
