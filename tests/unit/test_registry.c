/* The tables of all collectors: names that Prometheus and its linter accept, and each family in one place only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "exporters/registry.h"

/* Where the name that the community uses breaks the rule; one line each. */
static const char *const odd_names[] = {
	"container_memory_failcnt", /* cAdvisor's */
	"meilisearch_index_count",
	"meilisearch_index_docs_count",
};

static int faults;

static void fault(const char *id, const char *name, const char *what)
{
	print_error("%s: %s: %s\n", id, name, what);
	faults++;
}

/* postgres_exporter's names are older than these rules. */
static bool odd(const char *name)
{
	if (!strncmp(name, "pg_", 3))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(odd_names); i++)
		if (!strcmp(odd_names[i], name))
			return true;
	return false;
}

static bool ends_with(const char *s, const char *end)
{
	size_t len = strlen(s), end_len = strlen(end);

	return len > end_len && !strcmp(s + len - end_len, end);
}

/* A pattern's <placeholders> stand for any word. */
static void plain_name(const struct metric_desc *d, char *out, size_t size)
{
	size_t n = 0;
	bool inside = false;

	for (const char *p = d->name; *p && n + 1 < size; p++) {
		if (d->pattern && *p == '<')
			inside = true;
		if (!inside)
			out[n++] = *p;
		if (d->pattern && *p == '>') {
			inside = false;
			out[n++] = 'x';
		}
	}
	out[n] = '\0';
}

static void check_labels(const char *id, const struct metric_desc *d)
{
	char names[512], *rest = names, *name;
	const char *seen[32];
	size_t n = 0;

	snprintf(names, sizeof(names), "%s", d->labels ? d->labels : "");
	while ((name = strsep(&rest, ",")) && d->labels) {
		if (!label_name_valid(name))
			fault(id, d->name, "a label's name is not [a-zA-Z_][a-zA-Z0-9_]*");
		if (!strcmp(name, "job") || !strcmp(name, "instance") || !strcmp(name, "target"))
			fault(id, d->name, "job, instance and target are not a collector's to give");
		for (size_t i = 0; i < n; i++)
			if (!strcmp(seen[i], name))
				fault(id, d->name, "names a label twice");
		if (n < ARRAY_LEN(seen))
			seen[n++] = name;
	}
}

static void check_family(const char *id, const struct metric_desc *d)
{
	char name[256];
	bool grouped = d->type == METRIC_HISTOGRAM || d->type == METRIC_SUMMARY;

	plain_name(d, name, sizeof(name));
	if (!metric_name_valid(name))
		fault(id, d->name, "is no metric name");
	if (!d->help || !ends_with(d->help, "."))
		fault(id, d->name, "its help is no sentence that ends with a period");
	if (d->type == METRIC_COUNTER && !ends_with(name, "_total") && !odd(d->name))
		fault(id, d->name, "a counter's name ends with _total");
	if (d->type == METRIC_GAUGE && ends_with(name, "_total") && !odd(d->name))
		fault(id, d->name, "only a counter's name ends with _total");
	if (!grouped && !odd(d->name) &&
	    (ends_with(name, "_bucket") || ends_with(name, "_sum") || ends_with(name, "_count")))
		fault(id, d->name, "_bucket, _sum and _count belong to histograms and summaries");
	check_labels(id, d);
}

static void test_families(void **state)
{
	(void)state;
	faults = 0;
	for (const struct registered_collector *rc = registry_collectors; rc->id; rc++)
		for (const struct metric_desc *d = rc->collector->metrics; d->name; d++)
			check_family(rc->id, d);
	assert_int_equal(faults, 0);
}

/* Reported by several collectors: then it is the same in all of them. */
static bool shared(const struct metric_desc *a, const struct metric_desc *b)
{
	bool alike = a->type == b->type && !strcmp(a->help, b->help) &&
	             !strcmp(a->labels ? a->labels : "", b->labels ? b->labels : "");

	return alike && (!strncmp(a->name, "db_pool_", 8) || !strncmp(a->name, "vedette_pgbouncer_", 18) ||
	                 !strncmp(a->name, "vedette_s3_", 11) || !strcmp(a->name, "vedette_pg_cut_rows") ||
	                 !strcmp(a->name, "vedette_series_over_cap_total"));
}

static void test_no_family_twice(void **state)
{
	(void)state;
	faults = 0;
	for (const struct registered_collector *a = registry_collectors; a->id; a++)
		for (const struct metric_desc *d = a->collector->metrics; d->name; d++) {
			for (const struct metric_desc *e = d + 1; e->name; e++)
				if (!strcmp(d->name, e->name))
					fault(a->id, d->name, "is there twice");
			for (const struct registered_collector *b = a + 1; b->id; b++)
				for (const struct metric_desc *e = b->collector->metrics; e->name; e++)
					if (!strcmp(d->name, e->name) && !shared(d, e))
						fault(b->id, d->name, a->id);
		}
	assert_int_equal(faults, 0);
}

static void test_collectors(void **state)
{
	(void)state;
	faults = 0;
	for (const struct registered_collector *rc = registry_collectors; rc->id; rc++) {
		const struct collector *c = rc->collector;
		size_t exporter_len = strlen(rc->id) - strlen(c->name);

		if (!ends_with(rc->id, c->name) || rc->id[exporter_len - 1] != '_')
			fault(rc->id, c->name, "is not called as its line in registry.def says");
		if (!c->help || !ends_with(c->help, "."))
			fault(rc->id, c->name, "its help is no sentence that ends with a period");
		if (!c->collect || !c->metrics)
			fault(rc->id, c->name, "lacks its function or its metrics");
		if ((c->fields != NULL) != (c->config_size != 0))
			fault(rc->id, c->name, "has settings without a size, or a size without settings");
	}
	assert_int_equal(faults, 0);
}

static void test_exporters(void **state)
{
	(void)state;
	faults = 0;
	for (const struct exporter *const *e = registry_exporters; *e; e++) {
		if (!(*e)->help || !ends_with((*e)->help, "."))
			fault("exporter", (*e)->name, "its help is no sentence that ends with a period");
		if (!(*e)->job)
			fault("exporter", (*e)->name, "has no job for /sd");
	}
	assert_int_equal(faults, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_no_family_twice),
		cmocka_unit_test(test_collectors),
		cmocka_unit_test(test_exporters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
