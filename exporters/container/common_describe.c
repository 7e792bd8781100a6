/* Descriptions of containers, kept from scrape to scrape in few bytes for as long as their file is the same. */
#include "exporters/container/common_json.h"

/* What a digest is made of: for each container this, and behind it its texts, each with its NUL. An empty text is none.
 */
struct packed {
	int64_t pid, exit_code, restarts;
	double started;
	bool running, host_network, docker;
};

enum { TEXT_ID, TEXT_NAME, TEXT_IMAGE, TEXT_HEALTH, LABELS_FROM }; /* its texts */

struct parser {
	const char *path;
	container_parser parse;
	const struct container_settings *settings;
};

void take_labels(struct arena *a, const struct container_settings *settings, const json_t *labels,
                 struct container *out)
{
	out->labels = ARENA_ARRAY(a, const char *, settings->labels.n + 1);
	for (size_t i = 0; i < settings->labels.n; i++)
		out->labels[i] = text_of(a, json_object_get(labels, settings->labels.items[i]));
}

static const char *text_at(const struct container *c, size_t i)
{
	const char *const texts[] = {
		[TEXT_ID] = c->id, [TEXT_NAME] = c->name, [TEXT_IMAGE] = c->image, [TEXT_HEALTH] = c->health};
	const char *text = i < LABELS_FROM ? texts[i] : c->labels ? c->labels[i - LABELS_FROM] : NULL;

	return text ? text : "";
}

static struct span pack(struct arena *a, const struct containers *all, size_t n_texts)
{
	size_t size = all->n * sizeof(struct packed);
	char *data, *at;

	for (size_t i = 0; i < all->n; i++)
		for (size_t k = 0; k < n_texts; k++)
			size += strlen(text_at(&all->items[i], k)) + 1;
	data = at = arena_alloc(a, size);
	for (const struct container *c = all->items; c < all->items + all->n; c++) {
		struct packed head = {c->pid,     c->exit_code,    c->restarts, c->started,
		                      c->running, c->host_network, c->docker};

		memcpy(at, &head, sizeof(head));
		at += sizeof(head);
		for (size_t k = 0; k < n_texts; k++)
			at = stpcpy(at, text_at(c, k)) + 1;
	}
	return (struct span){data, size};
}

static const char *next_text(const char **at)
{
	const char *text = *at;

	*at += strlen(text) + 1;
	return *text ? text : NULL;
}

static const char *unpack_one(struct arena *a, const char *at, size_t n_labels, struct container *out)
{
	struct packed head;

	memcpy(&head, at, sizeof(head));
	at += sizeof(head);
	*out = (struct container){.pid = head.pid,
	                          .exit_code = head.exit_code,
	                          .restarts = head.restarts,
	                          .started = head.started,
	                          .running = head.running,
	                          .host_network = head.host_network,
	                          .docker = head.docker};
	out->id = next_text(&at);
	out->name = next_text(&at);
	out->image = next_text(&at);
	out->health = next_text(&at);
	out->labels = ARENA_ARRAY(a, const char *, n_labels + 1);
	for (size_t i = 0; i < n_labels; i++)
		out->labels[i] = next_text(&at);
	return at;
}

static void unpack(struct arena *a, struct span digest, size_t n_labels, struct containers *out)
{
	const char *at = digest.s, *end = at + digest.len;
	size_t room = 0;

	*out = (struct containers){0};
	while (at < end) {
		if (out->n == room) {
			struct container *more = ARENA_ARRAY(a, struct container, room = room ? 2 * room : 1);

			if (out->n)
				memcpy(more, out->items, out->n * sizeof(*more));
			out->items = more;
		}
		at = unpack_one(a, at, n_labels, &out->items[out->n++]);
	}
}

static int digest(struct arena *a, void *arg, struct span text, struct span *out, struct err *err)
{
	const struct parser *parser = arg;
	struct containers all = {0};
	json_error_t why;
	json_t *json CLEANUP_JSON = json_loadb(text.s, text.len, 0, &why);

	if (!json) /* jansson's own words would quote secrets */
		return err_set(err, "/%s: no JSON from byte %d on", parser->path, why.position);
	parser->parse(a, parser->settings, json, &all);
	*out = pack(a, &all, LABELS_FROM + parser->settings->labels.n);
	return 0;
}

enum read_result describe(struct probe *p, const char *path, container_parser parse, struct containers *out,
                          struct err *err)
{
	const struct container_settings *settings = p->target;
	struct parser parser = {path, parse, settings};
	struct span packed;
	enum read_result rc = reader_digest(p->reader, p->arena, ROOT_FS, path, digest, &parser, &packed, err);

	*out = (struct containers){0};
	if (rc == READ_OK)
		unpack(p->arena, packed, settings->labels.n, out);
	return rc;
}
