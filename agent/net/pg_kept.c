/* Replies that are given again while they are young, for questions that cost the server much. */
#include <stdlib.h>
#include <string.h>

#include "net/pg_internal.h"

struct pg_kept *pg_kept(struct pg *pg, const char *name)
{
	struct pg_kept *k = pg->kept;

	while (k && strcmp(k->name, name) != 0)
		k = k->next;
	if (k)
		return k;
	k = calloc(1, sizeof(*k));
	if (!k)
		abort();
	*k = (struct pg_kept){.next = pg->kept, .name = arena_strdup(&pg->arena, name)};
	return pg->kept = k;
}

void pg_kept_forget(struct pg *pg)
{
	for (struct pg_kept *k = pg->kept; k; k = k->next)
		k->rows = NULL;
}

void pg_kept_free(struct pg *pg)
{
	while (pg->kept) {
		struct pg_kept *k = pg->kept;

		pg->kept = k->next;
		arena_fini(&k->arena);
		free(k);
	}
}
