#include "config/yaml.h"

#include <stdlib.h>
#include <yaml.h>

#include "base/utf8.h"
#include "config/yaml_syntax.h"

enum { NODES_MAX = 65536 };

struct loader {
	struct arena *a;
	const char *file;
	struct faults *faults;
	yaml_parser_t parser;
	struct node *root;
	struct node *open[CONFIG_MAX_DEPTH];
	struct node *key[CONFIG_MAX_DEPTH]; /* of a map that is open: its key that has no value yet */
	size_t depth;
	size_t nodes;
};

enum step { GO_ON, DONE, FAILED };

static void delete_parser(yaml_parser_t **parser)
{
	yaml_parser_delete(*parser);
}

static void delete_event(yaml_event_t *event)
{
	yaml_event_delete(event);
}

#define fault_at(l, mark, ...) faults_add((l)->faults, (l)->file, (mark).line + 1, (mark).column + 1, __VA_ARGS__)

/* libyaml counts characters; where the text is no UTF-8, bytes. */
static size_t text_char(const char *text, size_t len, const char *at)
{
	size_t step = utf8_len(at, text + len);

	return step ? step : 1;
}

static yaml_mark_t mark_of(const char *text, size_t len, size_t offset)
{
	yaml_mark_t mark = {0};

	for (const char *at = text; at < text + len && (size_t)(at - text) < offset; at += text_char(text, len, at)) {
		mark.column++;
		if (*at == '\n')
			mark = (yaml_mark_t){.line = mark.line + 1};
	}
	return mark;
}

static char char_at(const char *text, size_t len, size_t index)
{
	const char *at = text;

	while (index-- && at < text + len)
		at += text_char(text, len, at);
	return at < text + len ? *at : '\0';
}

static void syntax_fault(struct loader *l, const char *text, size_t len)
{
	const yaml_parser_t *p = &l->parser;
	const char *what = yaml_syntax_cure(p);
	yaml_mark_t mark = p->problem_mark;

	if (p->error == YAML_READER_ERROR)
		mark = mark_of(text, len, p->problem_offset);
	if (yaml_syntax_begins(p->problem, "found unexpected end of stream"))
		mark = p->context_mark;
	if (yaml_syntax_begins(p->problem, "found character that cannot start") &&
	    char_at(text, len, mark.index) == '\t')
		what = "a tab stands here; YAML indents with spaces, so replace it";
	if (what && yaml_syntax_begins(p->context, "while parsing a flow"))
		fault_at(l, mark, "%s (it opens in line %zu)", what, p->context_mark.line + 1);
	else if (what)
		fault_at(l, mark, "%s", what);
	else
		fault_at(l, mark, "no valid YAML: %s; mind indentation, quotes and brackets here", p->problem);
}

static enum step too_much(struct loader *l, yaml_mark_t mark, const char *what)
{
	fault_at(l, mark, "%s", what);
	return FAILED;
}

/* Hangs a finished or just opened node where the text has it. */
static void attach(struct loader *l, struct node *node)
{
	struct node *parent = l->depth ? l->open[l->depth - 1] : NULL;
	struct node **key = l->depth ? &l->key[l->depth - 1] : NULL;

	if (!parent) {
		l->root = node;
	} else if (parent->kind == NODE_MAP && *key) {
		(*key)->value = node;
		*key = NULL;
	} else {
		*(parent->last ? &parent->last->next : &parent->first) = node;
		parent->last = node;
		parent->n++;
		if (parent->kind == NODE_MAP)
			*key = node;
	}
}

static bool is_key(const struct loader *l)
{
	return l->depth && l->open[l->depth - 1]->kind == NODE_MAP && !l->key[l->depth - 1];
}

static struct node *add(struct loader *l, enum node_kind kind, const yaml_event_t *e)
{
	struct node *node = ARENA_NEW(l->a, struct node);

	*node = (struct node){
		.kind = kind, .line = e->start_mark.line + 1, .column = e->start_mark.column + 1, .text = {"", 0}};
	if (is_key(l) && kind != NODE_SCALAR) {
		fault_at(l, e->start_mark,
		         "a key must be a plain text; put a text that begins with { or [ in single quotes");
		node->reported = true;
	}
	attach(l, node);
	return node;
}

/* Anchors and tags: a text that begins so was meant in most cases. */
static void refuse_marks(struct loader *l, struct node *node, yaml_mark_t mark, const char *anchor, const char *tag)
{
	if (anchor)
		fault_at(l, mark,
		         "anchors (&) are not used here; write the value out, or quote a text that begins with &");
	if (tag)
		fault_at(l, mark, "tags (!) are not used here; remove it, or quote a text that begins with !");
	if (anchor || tag)
		node->reported = true;
}

static enum step add_scalar(struct loader *l, const yaml_event_t *e)
{
	struct node *node = add(l, NODE_SCALAR, e);

	node->text.len = e->data.scalar.length;
	node->text.s = arena_strndup(l->a, (const char *)e->data.scalar.value, node->text.len);
	node->plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	refuse_marks(l, node, e->start_mark, (const char *)e->data.scalar.anchor, (const char *)e->data.scalar.tag);
	return GO_ON;
}

static enum step add_alias(struct loader *l, const yaml_event_t *e)
{
	fault_at(l, e->start_mark,
	         "aliases (*) are not used here; write the value out, or quote a text that begins with *");
	add(l, NODE_SCALAR, e)->reported = true;
	return GO_ON;
}

static enum step open_node(struct loader *l, enum node_kind kind, const yaml_event_t *e)
{
	struct node *node;

	if (l->depth == CONFIG_MAX_DEPTH)
		return too_much(
			l, e->start_mark,
			"nested too deep; no setting is deeper than 32 levels, so remove brackets or indentation");
	node = add(l, kind, e);
	if (kind == NODE_LIST) {
		node->flow = e->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
		refuse_marks(l, node, e->start_mark, (const char *)e->data.sequence_start.anchor,
		             (const char *)e->data.sequence_start.tag);
	} else {
		node->flow = e->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
		refuse_marks(l, node, e->start_mark, (const char *)e->data.mapping_start.anchor,
		             (const char *)e->data.mapping_start.tag);
	}
	l->key[l->depth] = NULL;
	l->open[l->depth++] = node;
	return GO_ON;
}

static int by_text(const void *left, const void *right)
{
	const struct node *a = *(const struct node *const *)left, *b = *(const struct node *const *)right;
	size_t common = a->text.len < b->text.len ? a->text.len : b->text.len;
	int order = memcmp(a->text.s, b->text.s, common);

	if (order)
		return order;
	if (a->text.len != b->text.len)
		return a->text.len < b->text.len ? -1 : 1;
	return a->line < b->line || (a->line == b->line && a->column < b->column) ? -1 : 1;
}

static enum step close_map(struct loader *l)
{
	struct node *map = l->open[--l->depth];
	struct node **keys = arena_alloc(l->a, sizeof(void *) * map->n);
	size_t n = 0;

	for (struct node *key = map->first; key; key = key->next)
		if (key->kind == NODE_SCALAR && !key->reported)
			keys[n++] = key;
	qsort(keys, n, sizeof(void *), by_text);
	for (size_t i = 1; i < n; i++) {
		if (keys[i]->text.len != keys[i - 1]->text.len ||
		    memcmp(keys[i]->text.s, keys[i - 1]->text.s, keys[i]->text.len) != 0)
			continue;
		faults_add(l->faults, l->file, keys[i]->line, keys[i]->column,
		           "a key given twice (before in line %zu); keep one of them", keys[i - 1]->line);
		keys[i]->reported = true;
	}
	return GO_ON;
}

static enum step handle(struct loader *l, const yaml_event_t *e)
{
	if (l->nodes++ > NODES_MAX)
		return too_much(l, e->start_mark,
		                "too many values; a configuration has at most some thousand, so split or shorten it");
	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (l->root)
			return too_much(l, e->start_mark,
			                "a second document begins here; remove the --- and what follows");
		return GO_ON;
	case YAML_SCALAR_EVENT: return add_scalar(l, e);
	case YAML_ALIAS_EVENT: return add_alias(l, e);
	case YAML_SEQUENCE_START_EVENT: return open_node(l, NODE_LIST, e);
	case YAML_MAPPING_START_EVENT: return open_node(l, NODE_MAP, e);
	case YAML_SEQUENCE_END_EVENT: l->depth--; return GO_ON;
	case YAML_MAPPING_END_EVENT: return close_map(l);
	case YAML_STREAM_END_EVENT: return DONE;
	default: return GO_ON;
	}
}

static enum step next(struct loader *l, const char *text, size_t len)
{
	yaml_event_t CLEANUP(delete_event) event = {0};

	if (!yaml_parser_parse(&l->parser, &event)) {
		syntax_fault(l, text, len);
		return FAILED;
	}
	return handle(l, &event);
}

static int load(struct loader *l, const char *text, size_t len)
{
	yaml_parser_t CLEANUP(delete_parser) *parser = &l->parser;
	enum step step = GO_ON;

	yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(parser, (const unsigned char *)text, len);
	while (step == GO_ON)
		step = next(l, text, len);
	return step == DONE ? 0 : -1;
}

int yaml_load(struct arena *a, const char *file, const char *text, size_t len, struct node **root,
              struct faults *faults)
{
	struct loader l = {.a = a, .file = file, .faults = faults};
	size_t bom = len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3) ? 3 : 0;

	*root = NULL;
	if (!yaml_parser_initialize(&l.parser)) {
		faults_add(faults, file, 0, 0, "not enough memory to read it; free some");
		return -1;
	}
	if (load(&l, text + bom, len - bom) < 0)
		return -1;
	*root = l.root;
	return 0;
}

bool node_is_null(const struct node *node)
{
	return node->kind == NODE_SCALAR && node->plain && !node->reported &&
	       (!node->text.len || span_eq(node->text, "~") || span_eq(node->text, "null"));
}

const char *node_kind_name(const struct node *node)
{
	if (node->kind == NODE_LIST)
		return "a list";
	if (node->kind == NODE_MAP)
		return "a section";
	return "a single value";
}

struct node *node_find_key(const struct node *map, struct span name)
{
	for (struct node *key = map ? map->first : NULL; key; key = key->next)
		if (key->kind == NODE_SCALAR && !key->reported && key->text.len == name.len &&
		    !memcmp(key->text.s, name.s, name.len))
			return key;
	return NULL;
}
