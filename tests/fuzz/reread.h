/* What collectors made of whatever was answered must be an exposition: no series twice, and nothing that Prometheus
 * would refuse. Aborts where it is none. The arena is used for it. */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "metric/exposition.h"
#include "metric/promtext.h"

static void reread(struct arena *a, const struct sample_set *set)
{
	struct buf CLEANUP_BUF text = {0};
	struct promtext reader;
	struct sample_set again;
	struct err err;

	if (exposition_write(&text, EXPOSITION_TEXT, a, &set, 1) != 0)
		abort();
	promtext_init(&reader, a, false);
	sample_set_init(&again, a, NULL);
	if (text.len && promtext_read(&reader, &again, "reply", (struct span){text.data, text.len}, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
}
