/* The HTTP query parser and the headers beside it: any bytes a client may send. */
#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "web/negotiate.h"
#include "web/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_names(const char *const *names, size_t n)
{
	assert(n <= QUERY_MAX_NAMES && !names[n]);
	for (size_t i = 0; i < n; i++)
		assert(*names[i] && utf8_valid(names[i], strlen(names[i])));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena CLEANUP(arena_fini) a = {0};
	char *text = arena_strndup(&a, (const char *)data, size);
	struct query query;
	struct err err = {""};

	if (query_parse(&a, text, &query, &err) == 0) {
		assert(*query.path == '/' && strlen(query.path) <= size && utf8_valid(query.path, strlen(query.path)));
		assert(!query.n_collect || !query.n_exclude);
		check_names(query.collect, query.n_collect);
		check_names(query.exclude, query.n_exclude);
	} else {
		assert(*err.text);
	}
	assert(negotiate_timeout_ns(text, NS_PER_S) > 0 && negotiate_timeout_ns(text, NS_PER_S) <= NS_PER_S);
	(void)negotiate_gzip(text);
	(void)negotiate_format(text);
	return 0;
}
