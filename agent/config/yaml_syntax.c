#include "config/yaml_syntax.h"

#include <string.h>

#include "base/attr.h"

/* libyaml's sentences and what to do about them; the first that fits. */
static const struct {
	const char *context, *problem; /* beginnings; NULL: any */
	const char *what;
} syntax[] = {
	{"while scanning a quoted scalar", "found unexpected", "a quote opens here and is never closed; close it"},
	{"while scanning an alias", NULL, "a text may not begin with * unless it is in quotes; write '*…'"},
	{"while scanning an anchor", NULL, "a text may not begin with & unless it is in quotes; write '&…'"},
	{"while parsing a quoted scalar", "found unknown escape",
         "an unknown \\ escape in double quotes; use single quotes, in which \\ is only itself"},
	{"while scanning a block scalar", NULL,
         "a text after | or > is not well indented; indent it with spaces, deeper than its key"},
	{"while scanning a tag", NULL, "a text may not begin with ! unless it is in quotes; write '!…'"},
	{"while parsing a node", "found undefined tag",
         "a text may not begin with ! unless it is in quotes; write '!…'"},
	{"while scanning a plain scalar", "found unexpected ':'",
         "a : stands inside a text; put the text in single quotes"},
	{"while scanning a plain scalar", "found a tab", "a tab stands here; YAML indents with spaces, so replace it"},
	{"while scanning a simple key", NULL,
         "a key without its : (or a text that goes on without indentation); write `key: value` with a space after the "
         ":"},
	{"while scanning a directive", NULL, "a line begins with %; put the text in single quotes"},
	{"while parsing a flow sequence", NULL,
         "a list in [ ] is broken; separate items by commas and close it with ]"},
	{"while parsing a flow mapping", NULL,
         "a mapping in { } is broken; separate pairs by commas and close it with }"},
	{"while parsing a block mapping", NULL,
         "this line does not fit what is above it; indent the keys of a section alike, and put a text that goes on "
         "after "
         "a quote wholly in quotes"},
	{"while parsing a block collection", NULL,
         "this line does not fit the list above it; begin each item with - in one column"},
	{NULL, "mapping values are not allowed",
         "a : stands where no key may be; put a text with a colon in single quotes, or mend the indentation"},
	{NULL, "block sequence entries are not allowed", "a - stands where no list may be; mend the indentation"},
	{NULL, "found character that cannot start",
         "a text may not begin with this character unless it is in quotes; put it in single quotes"},
	{NULL, "invalid leading UTF-8", "not UTF-8 from here on; save the file as UTF-8"},
	{NULL, "invalid trailing UTF-8", "not UTF-8 from here on; save the file as UTF-8"},
	{NULL, "incomplete UTF-8", "not UTF-8 from here on; save the file as UTF-8"},
	{NULL, "invalid Unicode", "not UTF-8 from here on; save the file as UTF-8"},
	{NULL, "found incompatible YAML document", "a %YAML line of a version that is not 1.1 or 1.2; remove the line"},
	{NULL, "control characters are not allowed", "a control character stands here; remove it"},
	{NULL, "did not find expected <document start>",
         "text stands before or after the document; remove it or mend the indentation"},
};

bool yaml_syntax_begins(const char *text, const char *with)
{
	return !with || (text && !strncmp(text, with, strlen(with)));
}

const char *yaml_syntax_cure(const yaml_parser_t *p)
{
	for (size_t i = 0; i < ARRAY_LEN(syntax); i++)
		if (yaml_syntax_begins(p->context, syntax[i].context) &&
		    yaml_syntax_begins(p->problem, syntax[i].problem))
			return syntax[i].what;
	return NULL;
}
