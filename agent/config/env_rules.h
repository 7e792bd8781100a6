/* How five programs read the text behind NAME= in a .env file. Inside of config only; pure, any thread.
 *
 * | row of a file | what is special |
 * | Compose now | cut at " #"; $ in bare and "double" text; 'single' is literal |
 * | Compose 2.3 to 2.6 | bare text is cut at any #; $ only before capitals and digits |
 * | bash | cut at white space; $ and \ in bare text |
 * | python-dotenv | cut at white space and #; ${NAME} everywhere, even in 'single' quotes |
 * | systemd | nothing is cut; \ in bare text; no $ | */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/scan.h"

enum { ENV_MAX_VALUE = 64 * 1024 };

/* A variable that is set, or NULL. */
struct env_lookup {
	const char *(*get)(const struct env_lookup *self, struct span name);
	const void *owner;
};

struct env_statement {
	struct span raw; /* behind the = (or :), to the end of the line on which the value ends */
	bool exported;   /* "export NAME=" */
	bool colon;      /* "NAME: value" */
	bool spaced;     /* white space before the = */
};

enum env_reader { ENV_COMPOSE, ENV_COMPOSE_OLD, ENV_BASH, ENV_DOTENV, ENV_SYSTEMD, ENV_READERS };

/* The program's name as warnings have it. */
const char *env_reader_name(enum env_reader reader);

/* What that program makes of the statement; false where it cannot read it, or would do something else with it. */
bool env_read(enum env_reader reader, const struct env_statement *s, const struct env_lookup *vars, struct buf *out);

/* Compose's present reading, with its complaints. *rest is a text with the value at its beginning and is moved
 * behind it (to its newline, where the value is bare). */
MUST_CHECK int env_read_value(struct span *rest, const struct env_lookup *vars, struct buf *out, struct err *err);

/* Adds to `out` who reads something else and in which way, or nothing where all agree; ends with the cure. */
void env_compare(const struct env_statement *s, const struct env_lookup *vars, struct buf *out);
