#include "collect/sticky.h"

#include <stdlib.h>
#include <string.h>

struct member {
	char *key, *text;
	struct sticky_item *item; /* of the choice under way */
};

struct sticky {
	struct member *members;
	size_t n, room;
};

struct sticky *sticky_new(void)
{
	struct sticky *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	return s;
}

static void forget(struct member *m)
{
	free(m->key);
	free(m->text);
	*m = (struct member){0};
}

void sticky_free(struct sticky *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		forget(&s->members[i]);
	free(s->members);
	free(s);
}

static char *copy(const char *text)
{
	char *out = strdup(text);

	if (!out)
		abort();
	return out;
}

static int heavier_first(const void *a, const void *b)
{
	const struct sticky_item *x = *(struct sticky_item *const *)a, *y = *(struct sticky_item *const *)b;

	if (x->weight != y->weight)
		return x->weight < y->weight ? 1 : -1;
	return strcmp(x->key, y->key);
}

static struct member *member_of(struct sticky *s, const char *key)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->members[i].key, key))
			return &s->members[i];
	return NULL;
}

/* Members whose item is not there any more make room. */
static void drop_gone(struct sticky *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (s->members[i].item)
			s->members[kept++] = s->members[i];
		else
			forget(&s->members[i]);
	}
	s->n = kept;
}

static struct member *lightest(struct sticky *s)
{
	struct member *least = NULL;

	for (size_t i = 0; i < s->n; i++)
		if (!least || s->members[i].item->weight < least->item->weight)
			least = &s->members[i];
	return least;
}

static void settle(struct member *m, struct sticky_item *item)
{
	*m = (struct member){.key = copy(item->key), .item = item};
	item->chosen = true;
}

/* Whether the next, lighter one may have a chance too. */
static bool admit(struct sticky *s, size_t max, struct sticky_item *item)
{
	struct member *least = lightest(s);

	if (s->n < max) {
		settle(&s->members[s->n++], item);
		return true;
	}
	if (!least || item->weight <= 2 * least->item->weight)
		return false;
	least->item->chosen = false;
	forget(least);
	settle(least, item);
	return true;
}

static void match(struct sticky *s, struct sticky_item *items, size_t n)
{
	for (size_t i = 0; i < s->n; i++)
		s->members[i].item = NULL;
	for (size_t i = 0; i < n; i++) {
		struct member *m = member_of(s, items[i].key);

		items[i].chosen = m != NULL;
		items[i].text = NULL;
		if (m)
			m->item = &items[i];
	}
	drop_gone(s);
}

static void make_room(struct sticky *s, size_t max)
{
	while (s->n > max) {
		struct member *least = lightest(s);

		least->item->chosen = false;
		forget(least);
		*least = s->members[--s->n];
	}
	if (max <= s->room)
		return;
	s->members = realloc(s->members, max * sizeof(*s->members));
	if (!s->members)
		abort();
	s->room = max;
}

void sticky_choose(struct sticky *s, size_t max, struct sticky_item *items, size_t n)
{
	struct sticky_item **order = malloc((n + 1) * sizeof(*order)); /* NOLINT(bugprone-sizeof-expression) */
	bool go_on = true;

	if (!order)
		abort();
	match(s, items, n);
	make_room(s, max);
	for (size_t i = 0; i < n; i++)
		order[i] = &items[i];
	qsort(order, n, sizeof(*order), heavier_first); /* NOLINT(bugprone-sizeof-expression) */
	for (size_t i = 0; i < n && go_on; i++)
		if (!order[i]->chosen)
			go_on = admit(s, max, order[i]);
	for (size_t i = 0; i < s->n; i++)
		s->members[i].item->text = s->members[i].text;
	free(order);
}

void sticky_remember(struct sticky *s, const char *key, const char *text)
{
	struct member *m = member_of(s, key);

	if (!m)
		return;
	free(m->text);
	m->text = copy(text);
}
