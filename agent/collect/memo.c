#include "collect/memo.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

struct entry {
	struct entry *next;
	char *key;
	int64_t stored_ns;
	size_t len;
	void *data;
};

struct memo {
	struct entry *first;
	size_t n;
};

struct memo *memo_new(void)
{
	struct memo *m = calloc(1, sizeof(*m));

	if (!m)
		abort();
	return m;
}

static void forget(struct entry *e)
{
	free(e->key);
	free(e->data);
	free(e);
}

void memo_free(struct memo *m)
{
	struct entry *next;

	for (struct entry *e = m ? m->first : NULL; e; e = next) {
		next = e->next;
		forget(e);
	}
	free(m);
}

static struct entry *find(const struct memo *m, const char *key)
{
	struct entry *e = m->first;

	while (e && strcmp(e->key, key) != 0)
		e = e->next;
	return e;
}

const void *memo_get(const struct memo *m, const char *key, size_t len, int64_t *stored_ns)
{
	const struct entry *e = find(m, key);

	if (!e || e->len != len)
		return NULL;
	*stored_ns = e->stored_ns;
	return e->data;
}

const void *memo_find(const struct memo *m, const char *key, size_t *len)
{
	const struct entry *e = find(m, key);

	*len = e ? e->len : 0;
	return e ? e->data : NULL;
}

static void forget_eldest(struct memo *m)
{
	struct entry **eldest = &m->first, *gone;

	for (struct entry **at = &m->first; *at; at = &(*at)->next)
		if ((*at)->stored_ns < (*eldest)->stored_ns)
			eldest = at;
	gone = *eldest;
	*eldest = gone->next;
	forget(gone);
	m->n--;
}

static struct entry *add(struct memo *m, const char *key)
{
	struct entry *e = calloc(1, sizeof(*e));

	if (!e || !(e->key = strdup(key)))
		abort();
	if (m->n == MEMO_MAX_ENTRIES)
		forget_eldest(m);
	e->next = m->first;
	m->first = e;
	m->n++;
	return e;
}

void memo_put(struct memo *m, const char *key, const void *data, size_t len)
{
	struct entry *e = find(m, key);
	void *copy = malloc(len ? len : 1);

	assert(len <= MEMO_MAX_BYTES);
	if (!copy)
		abort();
	memcpy(copy, data, len);
	e = e ? e : add(m, key);
	free(e->data);
	e->data = copy;
	e->len = len;
	e->stored_ns = clock_mono_ns();
}
