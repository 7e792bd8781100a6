#include "exporters/minio/common_s3_xml.h"

#include <stdlib.h>

#include "base/num.h"
#include "base/utf8.h"

static const char blanks[] = " \t\r\n";

static int bad(const struct s3_xml *x, struct err *err, const char *what)
{
	return err_set(err, "the reply is no XML of S3: byte %zu: %s", (size_t)(x->rest.s - x->document.s), what);
}

static bool at_end(const struct s3_xml *x)
{
	return !x->rest.len;
}

static bool take(struct s3_xml *x, const char *text)
{
	size_t n = strlen(text);

	if (!span_starts(x->rest, text))
		return false;
	x->rest.s += n;
	x->rest.len -= n;
	return true;
}

static struct span take_while(struct s3_xml *x, bool (*fits)(char))
{
	struct span out = {x->rest.s, 0};

	while (x->rest.len && fits(*x->rest.s)) {
		x->rest.s++;
		x->rest.len--;
		out.len++;
	}
	return out;
}

static bool is_blank(char c)
{
	return c && strchr(blanks, c);
}

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("_:.-", c));
}

static bool is_text(char c)
{
	return c != '<' && ((unsigned char)c >= ' ' || is_blank(c));
}

static bool all_blank(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_blank(s.s[i]))
			return false;
	return true;
}

static bool same(struct span a, struct span b)
{
	return a.len == b.len && !memcmp(a.s, b.s, a.len);
}

static size_t put_utf8(uint64_t c, char *out)
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};

	for (size_t i = n; i-- > 1; c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	*out = (char)(first[n] | c);
	return n;
}

/* What stands between & and ; as bytes at `out`, which takes as many as it had; 0: nothing that XML has. */
static size_t decode(struct span name, char *out)
{
	static const struct {
		const char *name, c;
	} known[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
	uint64_t code;
	bool hex;

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (span_eq(name, known[i].name)) {
			*out = known[i].c;
			return 1;
		}
	if (!scan_char(&name, '#'))
		return 0;
	hex = scan_char(&name, 'x');
	if (!name.len || num_hex_digit(*name.s) < 0) /* no sign, no second 0x */
		return 0;
	if (hex ? !num_parse_hex(name.s, name.len, &code) : !num_parse_u64(name.s, name.len, &code))
		return 0;
	if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000) || (code < ' ' && !is_blank((char)code)))
		return 0;
	return put_utf8(code, out);
}

/* The text as it is meant; never longer than it is written. */
static const char *plain_text(struct s3_xml *x, struct span raw, struct err *err)
{
	char *text = arena_alloc(x->arena, raw.len + 1), *to = text;
	struct span before;

	while (scan_until(&raw, '&', &before)) {
		struct span name;
		size_t n;

		memcpy(to, before.s, before.len);
		to += before.len;
		n = scan_until(&raw, ';', &name) ? decode(name, to) : 0;
		if (!n) {
			bad(x, err, "an & that is the beginning of nothing");
			return NULL;
		}
		to += n;
	}
	memcpy(to, raw.s, raw.len);
	to[raw.len] = '\0';
	return text;
}

/* Attributes say nothing that anybody here wants to know. */
static int skip_attributes(struct s3_xml *x, struct err *err)
{
	while (take_while(x, is_blank).len && !span_starts(x->rest, ">") && !span_starts(x->rest, "/")) {
		struct span value;
		char quote;

		if (!take_while(x, is_name).len)
			return bad(x, err, "neither an attribute nor the end of the tag");
		take_while(x, is_blank);
		if (!take(x, "="))
			return bad(x, err, "an attribute without a value");
		take_while(x, is_blank);
		quote = at_end(x) ? '\0' : *x->rest.s;
		if ((quote != '"' && quote != '\'') || !scan_char(&x->rest, quote) ||
		    !scan_until(&x->rest, quote, &value) || memchr(value.s, '<', value.len))
			return bad(x, err, "an attribute without a quoted value");
	}
	return 0;
}

/* Behind <: 1: it was an element without anything in it, which is the item; 0: one that is open now. */
static int begin_element(struct s3_xml *x, struct s3_xml_item *out, struct err *err)
{
	struct span name = take_while(x, is_name);
	struct span parent = x->depth ? x->open[x->depth - 1] : SPAN("");

	if (!name.len)
		return bad(x, err, "a < that begins no element");
	if (skip_attributes(x, err) < 0)
		return -1;
	if (x->depth)
		x->has_children[x->depth - 1] = true;
	if (take(x, "/>")) {
		*out = (struct s3_xml_item){name, parent, ""};
		return 1;
	}
	if (!take(x, ">"))
		return bad(x, err, "a tag without an end");
	if (x->depth == S3_XML_MAX_DEPTH)
		return bad(x, err, "elements within too many others");
	x->has_children[x->depth] = false;
	x->open[x->depth++] = name;
	return 0;
}

/* Behind </, with the text that came before. */
static int end_element(struct s3_xml *x, struct span text, struct s3_xml_item *out, struct err *err)
{
	struct span name = take_while(x, is_name);

	take_while(x, is_blank);
	if (!x->depth || !same(name, x->open[x->depth - 1]) || !take(x, ">"))
		return bad(x, err, "the end of an element that is not open");
	x->depth--;
	*out = (struct s3_xml_item){name, x->depth ? x->open[x->depth - 1] : SPAN(""), NULL};
	if (x->has_children[x->depth])
		return 0;
	out->text = plain_text(x, text, err);
	return out->text ? 0 : -1;
}

/* What may stand before the outermost element. */
static int begin_document(struct s3_xml *x, struct err *err)
{
	struct span head;

	if (!utf8_valid(x->document.s, x->document.len))
		return bad(x, err, "no UTF-8");
	take(x, "\xef\xbb\xbf");
	if (take(x, "<?xml") && !scan_until(&x->rest, '>', &head))
		return bad(x, err, "a declaration without an end");
	take_while(x, is_blank);
	if (!span_starts(x->rest, "<"))
		return bad(x, err, "it begins with something else");
	x->begun = true;
	return 0;
}

void s3_xml_init(struct s3_xml *x, struct arena *a, struct span document)
{
	*x = (struct s3_xml){.arena = a, .document = document, .rest = document};
}

int s3_xml_next(struct s3_xml *x, struct s3_xml_item *out, struct err *err)
{
	if (!x->begun && begin_document(x, err) < 0)
		return -1;
	for (bool done = false; !done;) {
		struct span text = take_while(x, is_text);
		bool ends;
		int rc;

		if (x->ended && at_end(x) && all_blank(text))
			return 0;
		if (!take(x, "<"))
			return bad(x, err, at_end(x) ? "it ends too early" : "a character that no text has");
		ends = take(x, "/");
		if (!all_blank(text) && (!ends || !x->depth || x->has_children[x->depth - 1]))
			return bad(x, err, "text beside elements");
		if (!ends && !x->depth && x->ended)
			return bad(x, err, "something behind the end");
		rc = ends ? end_element(x, text, out, err) : begin_element(x, out, err);
		if (rc < 0)
			return -1;
		done = ends || rc == 1;
		x->ended = done && !x->depth;
	}
	return 1;
}
