/* Takes secrets out of lines, and out of values that were found so far: `[password, bearer, jwt, dsn, email]`. */
#include "logs/redact.h"
#include "logs/stage.h"

static const char *const names[] = {[REDACT_PASSWORD] = "password", [REDACT_BEARER] = "bearer", [REDACT_JWT] = "jwt",
                                    [REDACT_DSN] = "dsn",           [REDACT_EMAIL] = "email",   NULL};

static int prepare(struct arena *a, const void *settings, const void **out, struct err *err)
{
	const struct string_list *list = settings;
	unsigned *kinds = ARENA_NEW(a, unsigned);

	for (size_t i = 0; i < list->n; i++)
		for (size_t k = 0; names[k]; k++)
			if (!strcmp(list->items[i], names[k]))
				*kinds |= 1u << k;
	if (!*kinds)
		return err_set(err, "names nothing; write [password, bearer, jwt, dsn, email] or some of them");
	*out = kinds;
	return 0;
}

static void clean_pairs(struct log_entry *e, struct log_pairs *pairs, unsigned kinds)
{
	for (size_t i = 0; i < pairs->n; i++)
		pairs->items[i].value = redact(e->arena, pairs->items[i].value, kinds);
}

static enum stage_result run(struct stage *s, struct log_entry *e)
{
	unsigned kinds = *(const unsigned *)s->plan;

	e->line = redact(e->arena, e->line, kinds);
	clean_pairs(e, &e->extracted, kinds);
	clean_pairs(e, &e->labels, kinds);
	clean_pairs(e, &e->metadata, kinds);
	return STAGE_NEXT;
}

const struct stage_kind stage_redact = {
	.settings = {.name = "redact",
                     .type = FIELD_STRING_LIST,
                     .names = names,
                     .help = "Takes secrets out of lines and extracted values; those kinds that are named."},
	.prepare = prepare,
	.run = run,
};
