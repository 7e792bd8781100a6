/* Promtail's configuration and positions, turned into ours: `vedette convert promtail FILE`.
 *
 * What has no equal is named: in `said`, one line each with its place in the file, and as a comment in `out` beside
 * where it would stand. The buffers are the caller's. One thread. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "config/bind.h"

enum { CONVERTED_JOURNALS = 8, JOB_NAME_MAX = 128 };

struct conversion {
	struct buf out;  /* the settings, as YAML */
	struct buf said; /* "file:line:column: what, and what to do instead" */
	size_t lost;     /* how many of those have no equal; the others are only good to know */
	struct {
		char job[JOB_NAME_MAX];
		uint64_t key; /* by which positions know it */
	} journals[CONVERTED_JOURNALS];
	size_t n_journals;
};

void conversion_fini(struct conversion *c);

/* -1: the text is no configuration of Promtail's, and faults say why. */
MUST_CHECK int convert_promtail(const char *file, const char *text, size_t len, struct conversion *out,
                                struct faults *faults);

/* Adds to the positions of the directory how far Promtail had come with each file that is still there, and with the
 * journals that were converted before into `out`; of the others it is said. -1: nothing was written. Where there are
 * positions already, it only does so with `overwrite`. */
MUST_CHECK int convert_positions(const char *file, const char *directory, bool overwrite, struct conversion *out,
                                 struct err *err);
