/* Names, help texts and label values from outside: whatever their bytes, each sample is one line of valid UTF-8, and
 * its label value reads back. The input is a name, a help text and label values, each ended by a NUL. */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "metric/exposition.h"

enum { MAX_VALUES = 8 };

static void require(bool holds)
{
	if (!holds)
		abort();
}

static const char *next_string(struct arena *a, const uint8_t **data, size_t *size)
{
	size_t n = strnlen((const char *)*data, *size);
	char *s = arena_alloc(a, n + 1);

	memcpy(s, *data, n);
	s[n] = '\0';
	n += n < *size;
	*data += n;
	*size -= n;
	return s;
}

/* What a reader must get: the value with U+FFFD for each byte that is no UTF-8. */
static char *cleaned(struct arena *a, const char *s)
{
	const char *end = s + strlen(s);
	char *out = arena_alloc(a, 3 * strlen(s) + 1), *p = out;

	while (s < end) {
		size_t n = utf8_len(s, end);

		memcpy(p, n ? s : UTF8_REPLACEMENT, n ? n : 3);
		p += n ? n : 3;
		s += n ? n : 1;
	}
	*p = '\0';
	return out;
}

/* Reads a quoted value back; returns what stands behind the closing quote. */
static const char *unquote(const char *p, char *out)
{
	require(*p++ == '"');
	for (; *p != '"'; p++) {
		require(*p && *p != '\n');
		if (*p == '\\') {
			p++;
			require(*p == '\\' || *p == '"' || *p == 'n');
			*out++ = *p == 'n' ? '\n' : *p;
		} else {
			*out++ = *p;
		}
	}
	*out = '\0';
	return p + 1;
}

static void check(struct arena *a, const struct buf *out, const char *const *values, size_t n)
{
	const char *p = out->data, *sample;
	size_t lines = 0;

	require(utf8_valid(out->data, out->len) && strlen(out->data) == out->len);
	for (const char *q = p; *q; q++)
		lines += *q == '\n';
	require(lines == 2 + n);
	sample = strchr(strchr(p, '\n') + 1, '\n') + 1;
	for (size_t i = 0; i < n; i++) {
		const char *brace = strstr(sample, "{value=");
		char *got = arena_alloc(a, strlen(sample) + 1);

		require(brace != NULL);
		require(!strncmp(unquote(brace + 7, got), "} 1\n", 4));
		require(!strcmp(got, cleaned(a, values[i])));
		sample = strchr(sample, '\n') + 1;
	}
	require(!*sample);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = {0};
	struct buf CLEANUP_BUF text = {0}, CLEANUP_BUF open = {0};
	const char *name = next_string(&arena, &data, &size), *help = next_string(&arena, &data, &size);
	const char *values[MAX_VALUES];
	const struct metric_desc *desc = metric_desc_new(&arena, name, METRIC_GAUGE, help);
	struct sample_set set;
	const struct sample_set *sets[] = {&set};
	size_t n = 0;

	sample_set_init(&set, &arena, NULL);
	do {
		values[n] = next_string(&arena, &data, &size);
		sample_add(&set, desc, 1, LABELS({"value", values[n]}));
		n++;
	} while (n < MAX_VALUES && size);
	require(metric_name_valid(desc->name));
	require(exposition_write(&text, EXPOSITION_TEXT, &arena, sets, 1) == 0);
	require(exposition_write(&open, EXPOSITION_OPENMETRICS, &arena, sets, 1) == 0);
	buf_putc(&text, '\0'); /* so that the check may use string functions */
	text.len--;
	check(&arena, &text, values, n);
	require(open.len > 6 && !memcmp(open.data + open.len - 6, "# EOF\n", 6));
	arena_fini(&arena);
	return 0;
}
