/* XML as S3 stores write it: elements that hold elements or text, and nothing else. What XML has besides (document
 * types, entities of one's own, comments, processing) is refused: no store needs it.
 *
 * A reader borrows the document, and gives one item after another; texts are in the arena. Any thread. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/scan.h"

enum { S3_XML_MAX_DEPTH = 8 };

struct s3_xml {
	struct arena *arena;
	struct span document, rest;
	struct span open[S3_XML_MAX_DEPTH];
	bool has_children[S3_XML_MAX_DEPTH];
	size_t depth;
	bool begun, ended;
};

/* An element that ends: one with text, or one whose children were given before. */
struct s3_xml_item {
	struct span name, parent; /* the outermost has the parent "" */
	const char *text;         /* NULL: it has children */
};

void s3_xml_init(struct s3_xml *x, struct arena *a, struct span document);

/* 1: *out is the next item; 0: the document has ended well; -1: it is no such XML. */
MUST_CHECK int s3_xml_next(struct s3_xml *x, struct s3_xml_item *out, struct err *err);
