/* Adds up what all files hold. A worker's keys are mostly those of the worker before it, in the same order: so the key
 * that came next last time is tried first, and a text is looked up or taken apart only where it is another one. */
#include "exporters/multiprocess/common_merge.h"

#include "base/hash.h"

enum {
	HEAD = 8,
	MAX_KEY_BYTES = 32 * 1024 * 1024, /* of all keys that are taken apart */
	FIRST_ENTRIES = 512,
};

static const char *const types[] = {[METRIC_GAUGE] = "gauge",
                                    [METRIC_COUNTER] = "counter",
                                    [METRIC_UNTYPED] = "",
                                    [METRIC_HISTOGRAM] = "histogram",
                                    [METRIC_SUMMARY] = "summary"};

/* A mode that begins with "live" merges as the one without: a program deletes such files of workers that ended. */
static const struct {
	const char *name;
	enum gauge_mode mode;
} modes[] = {{"min", GAUGE_MIN}, {"max", GAUGE_MAX}, {"sum", GAUGE_SUM}, {"mostrecent", GAUGE_LATEST}};

struct merge *merge_new(struct arena *a, bool rename_target)
{
	struct merge *m = ARENA_NEW(a, struct merge);

	m->arena = a;
	m->rename_target = rename_target;
	m->end = &m->first;
	return m;
}

static enum gauge_mode mode_of(struct span mode)
{
	if (span_starts(mode, "live")) {
		mode.s += 4;
		mode.len -= 4;
	}
	for (size_t i = 0; i < ARRAY_LEN(modes); i++)
		if (span_eq(mode, modes[i].name))
			return modes[i].mode;
	return GAUGE_ALL;
}

/* "counter_123.db", "gauge_livesum_123.db". What stands for 123 may be anything, underscores too. */
static bool file_of(struct arena *a, const char *name, struct db_file *out)
{
	struct span rest = span_of(name), type, mode;

	*out = (struct db_file){0};
	if (rest.len < 3 || !scan_until(&rest, '_', &type) || !type.len)
		return false;
	while (out->type <= METRIC_SUMMARY && !span_eq(type, types[out->type]))
		out->type++;
	if (out->type > METRIC_SUMMARY)
		return false;
	if (out->type != METRIC_GAUGE)
		return true;
	if (!scan_until(&rest, '_', &mode) || rest.len < 3)
		return false;
	out->mode = mode_of(mode);
	out->worker = arena_strndup(a, rest.s, rest.len - 3);
	return true;
}

/* NULL: the text is no key. */
static struct key *key_new(struct merge *m, const struct db_file *file, struct span text, uint32_t hash)
{
	struct db_key parts;
	struct key *key;
	enum db_key_result result = db_key_read(m->arena, text, m->rename_target, &parts);

	m->key_bytes += text.len;
	if (result == DB_KEY_BROKEN)
		return NULL;
	key = ARENA_NEW(m->arena, struct key);
	key->item = (struct table_item){arena_strndup(m->arena, text.s, text.len), (uint32_t)text.len, hash};
	if (result == DB_KEY_OK)
		key->series = merge_series(m, file, &parts);
	table_add(&m->keys[file->type], m->arena, &key->item);
	m->n_keys++;
	return key;
}

static const struct key *find_key(struct merge *m, const struct db_file *file, struct span text)
{
	static const struct key too_many;
	struct key **guess = m->latest ? &m->latest->next : &m->begin[file->type], *key = *guess;
	uint32_t hash;

	if (key && key->item.len == text.len && !memcmp(key->item.text, text.s, text.len))
		return m->latest = key;
	hash = hash_bytes(text.s, text.len);
	key = table_find(&m->keys[file->type], text, hash);
	if (!key && (m->key_bytes > MAX_KEY_BYTES || m->n_keys == MULTIPROCESS_MAX_SERIES))
		return &too_many;
	if (!key)
		key = key_new(m, file, text, hash);
	if (key)
		m->latest = *guess = key;
	return key;
}

static void push(struct merge *m, const struct entry *e)
{
	if (m->n_entries == m->room) {
		size_t room = m->room ? 2 * m->room : FIRST_ENTRIES;
		struct entry *entries = arena_alloc(m->arena, room * sizeof(*entries));

		if (m->n_entries)
			memcpy(entries, m->entries, m->n_entries * sizeof(*entries));
		m->entries = entries;
		m->room = room;
	}
	m->entries[m->n_entries++] = *e;
}

/* All entries of a file, each with a value, and a timestamp where it is stamped; what is wrong, or NULL. */
static const char *read_entries(struct merge *m, const struct db_file *file, struct span content, bool stamped)
{
	size_t values = stamped ? 16 : 8;

	m->n_entries = 0;
	m->latest = NULL;
	for (size_t at = HEAD, padded; at < content.len; at += sizeof(int32_t) + padded + values) {
		struct entry e = {0};
		int32_t len;

		if (content.len - at < sizeof(len))
			return "ends within an entry";
		memcpy(&len, content.s + at, sizeof(len));
		if (len <= 0 || len > MULTIPROCESS_MAX_KEY)
			return "has an entry without a key, or with one of more than 64 KiB";
		padded = (size_t)len + 8 - ((size_t)len + sizeof(len)) % 8;
		if (content.len - at < sizeof(len) + padded + values)
			return "ends within an entry";
		e.key = find_key(m, file, (struct span){content.s + at + sizeof(len), (size_t)len});
		if (!e.key)
			return "has a key that is not as prometheus_client writes them";
		memcpy(&e.value, content.s + at + sizeof(len) + padded, sizeof(e.value));
		if (stamped)
			memcpy(&e.timestamp, content.s + at + sizeof(len) + padded + 8, sizeof(e.timestamp));
		push(m, &e);
	}
	return NULL;
}

/* A worker has a series once, whichever of its files it is in. */
static struct worker_value *find_worker(struct merge *m, struct series *s, const char *worker)
{
	size_t len = strlen(worker);
	char *text = arena_alloc(m->arena, sizeof(s) + len);
	struct span id = {text, sizeof(s) + len};
	struct worker_value *w;
	uint32_t hash;

	memcpy(text, &s, sizeof(s));
	memcpy(text + sizeof(s), worker, len);
	hash = hash_bytes(id.s, id.len);
	w = table_find(&m->workers, id, hash);
	if (w || m->workers.used == MULTIPROCESS_MAX_SERIES)
		return w;
	w = ARENA_NEW(m->arena, struct worker_value);
	*w = (struct worker_value){.item = {id.s, (uint32_t)id.len, hash}, .worker = worker};
	table_add(&m->workers, m->arena, &w->item);
	if (s->last_worker)
		s->last_worker->next = w;
	else
		s->workers = w;
	s->last_worker = w;
	return w;
}

static void of_worker(struct merge *m, struct series *s, const char *worker, double value)
{
	struct worker_value *w = find_worker(m, s, worker);

	if (w)
		w->value = value;
	else
		m->skipped++;
}

/* Comparisons are the client's own, which decides what becomes of NaN and of equal times. */
static void add_gauge(struct merge *m, const struct db_file *file, struct series *s, const struct entry *e)
{
	struct db_family *f = s->family;

	if (f->mode != file->mode && !f->settled) {
		f->mode = file->mode;
		m->disagreed = true;
	}
	switch (f->mode) {
	case GAUGE_ALL: of_worker(m, s, file->worker, e->value); return;
	case GAUGE_SUM: s->value += e->value; break;
	case GAUGE_MIN:
		if (!s->seen || e->value < s->value)
			s->value = e->value;
		break;
	case GAUGE_MAX:
		if (!s->seen || e->value > s->value)
			s->value = e->value;
		break;
	case GAUGE_LATEST:
		if (!(s->timestamp < e->timestamp))
			return;
		s->value = e->value;
		s->timestamp = e->timestamp;
	}
	s->seen = true;
}

int merge_add(struct merge *m, const char *name, struct span content, const char **fault)
{
	struct db_file file;
	bool stamped = !m->unstamped;

	if (!file_of(m->arena, name, &file)) {
		*fault = "is named as no file of prometheus_client";
		return -1;
	}
	*fault = read_entries(m, &file, content, stamped);
	if (*fault && !read_entries(m, &file, content, !stamped)) {
		m->unstamped = stamped;
		*fault = NULL;
	}
	if (*fault)
		return -1;
	for (size_t i = 0; i < m->n_entries; i++) {
		const struct entry *e = &m->entries[i];
		struct series *s = e->key->series;

		if (!s) {
			m->skipped++;
		} else if (file.type == METRIC_GAUGE) {
			add_gauge(m, &file, s, e);
		} else {
			s->value += e->value;
			s->seen = true;
		}
	}
	return 0;
}

bool merge_again(struct merge *m)
{
	struct merge fresh = {.arena = m->arena, .rename_target = m->rename_target, .again = true};

	if (!m->disagreed)
		return false;
	fresh.families = m->families;
	fresh.first = m->first;
	fresh.end = m->end;
	for (struct db_family *f = m->first; f; f = f->next) {
		f->settled = true;
		f->first = NULL;
		f->end = &f->first;
	}
	*m = fresh;
	return true;
}

size_t merge_skipped(const struct merge *m)
{
	return m->skipped;
}
