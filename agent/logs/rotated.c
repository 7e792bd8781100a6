#include "logs/rotated.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/attr.h"
#include "base/clock.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);

	return len >= n && !strcmp(text + len - n, end);
}

bool rotated_is_packed(const char *name)
{
	static const char *const ends[] = {".xz", ".bz2", ".zst", ".lz4", ".Z", ".zip"};
	bool found = false;

	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		found |= ends_with(name, ends[i]);
	return found;
}

/* What a rotation makes of "access.log": "access.log.1", "access.log-20261122", "access.log.old", "access-2026….log",
 * and each of these with ".gz" behind it. */
static bool is_rotated(const char *base, const char *name)
{
	size_t len = strlen(base), stem = strcspn(base, ".");
	const char *rest = name + len;

	if (strlen(name) > len && !strncmp(name, base, len))
		return (*rest == '.' || *rest == '-') && (is_digit(rest[1]) || !strncmp(rest + 1, "old", 3)) &&
		       !rotated_is_packed(rest);
	return strlen(name) > len && !strncmp(name, base, stem) && name[stem] == '-' && is_digit(name[stem + 1]) &&
	       (ends_with(name, base + stem) || (ends_with(name, ".gz") && strstr(name, base + stem)));
}

static int by_change(const void *a, const void *b)
{
	const struct rotated_file *x = a, *y = b;

	if (x->changed_ns != y->changed_ns)
		return x->changed_ns > y->changed_ns ? 1 : -1;
	return ends_with(x->path, ".gz") - ends_with(y->path, ".gz"); /* while it is being compressed there are both */
}

bool rotated_look(const char *path, struct rotated_file *out)
{
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return false;
	*out = (struct rotated_file){NULL, (int64_t)st.st_mtim.tv_sec * NS_PER_S + st.st_mtim.tv_nsec, st.st_dev,
	                             st.st_ino};
	return true;
}

size_t rotated_find(const char *path, struct rotated_file out[ROTATED_MAX])
{
	const char *base = strrchr(path, '/') + 1;
	char CLEANUP_FREE *directory = strndup(path, (size_t)(base - path));
	DIR CLEANUP_DIR *dir = directory ? opendir(directory) : NULL;
	const struct dirent *e;
	size_t n = 0;

	while (dir && n < ROTATED_MAX && (e = readdir(dir))) {
		char *name;

		if (!is_rotated(base, e->d_name))
			continue;
		if (asprintf(&name, "%s%s", directory, e->d_name) < 0)
			abort();
		if (rotated_look(name, &out[n]))
			out[n++].path = name;
		else
			free(name);
	}
	qsort(out, n, sizeof(*out), by_change);
	return n;
}

/* How long the name is before the digits that it ends with, and the character before them; 0: it does not. */
static size_t before_digits(const char *name, size_t len, char lead)
{
	size_t end = len;

	while (end && is_digit(name[end - 1]))
		end--;
	return end < len && end > 1 && name[end - 1] == lead ? end - 1 : 0;
}

/* "app.log" of "app.log.12", "app.log-20261122", "app.log.20261122-183000" and "app.log.old". */
static size_t base_len(const char *name, size_t len)
{
	size_t dash = before_digits(name, len, '-'), dot = before_digits(name, dash ? dash : len, '.');

	if (len > 4 && !strncmp(name + len - 4, ".old", 4))
		return len - 4;
	if (dash && dot && dash - dot == sizeof(".20261122") - 1 && len - dash == sizeof("-183000") - 1)
		return dot;
	return dash ? dash : dot ? dot : len;
}

/* The time in "access-2026-11-22T18-30-00.000.log", as Caddy and others of Go's programs rotate: its first character
 * and what is behind it. NULL where there is none. */
static const char *find_time(const char *name, const char **end)
{
	for (const char *at = strchr(name, '-'); at; at = strchr(at + 1, '-')) {
		size_t n = strspn(at, "-0123456789T");

		if (n < sizeof("-2026-11-22T18-30-00") - 1 || at[5] != '-' || at[11] != 'T')
			continue;
		*end = at + n;
		if (**end == '.' && is_digit((*end)[1]))
			*end += 1 + strspn(*end + 1, "0123456789");
		return at;
	}
	return NULL;
}

bool rotated_base(const char *name, char out[NAME_MAX + 1])
{
	size_t len = strlen(name) - (ends_with(name, ".gz") ? 3 : 0), before = base_len(name, len);
	const char *end, *time = find_time(name, &end);

	if (rotated_is_packed(name) || len > NAME_MAX)
		return false;
	if (time)
		snprintf(out, NAME_MAX + 1, "%.*s%.*s", (int)(time - name), name, (int)(name + len - end), end);
	else
		snprintf(out, NAME_MAX + 1, "%.*s", (int)before, name);
	return time || before < len;
}

bool rotated_looks(const char *path)
{
	char base[NAME_MAX + 1];
	const char *slash = strrchr(path, '/');

	return rotated_base(slash ? slash + 1 : path, base);
}
