/* Files of prometheus_client's workers from a description in text, for goldens, unit tests and fuzzing: there are no
 * binary files among the sources. A line is one of
 *   entry VALUE TIMESTAMP KEY      as releases from 0.18 on write it
 *   old VALUE KEY                  as earlier ones did, without a timestamp
 *   used N | cut N | byte AT VALUE damage that is done at the end: another "used", another length, another byte
 * and what begins otherwise is no line. */
#pragma once

#include "base/buf.h"
#include "base/num.h"
#include "base/scan.h"

enum { WORKER_FILE_MAX = 1024 * 1024 };

static inline void worker_file_number(struct span *rest, double *out)
{
	struct span word;

	*out = 0;
	if (scan_field(rest, &word))
		(void)num_parse_double(word.s, word.len, out);
}

/* Behind the space after the fields. */
static inline void worker_file_entry(struct buf *out, struct span rest, bool stamped)
{
	static const char spaces[8] = "        ";
	double value, timestamp = 0;
	int32_t len;

	worker_file_number(&rest, &value);
	if (stamped)
		worker_file_number(&rest, &timestamp);
	scan_char(&rest, ' ');
	len = (int32_t)rest.len;
	buf_put(out, &len, sizeof(len));
	buf_put(out, rest.s, rest.len);
	buf_put(out, spaces, 8 - (rest.len + sizeof(len)) % 8);
	buf_put(out, &value, sizeof(value));
	if (stamped)
		buf_put(out, &timestamp, sizeof(timestamp));
}

static inline void worker_file_damage(struct buf *out, const struct span *word, struct span rest)
{
	uint64_t at, byte;
	int32_t used;

	if (!scan_u64(&rest, &at))
		return;
	if (span_eq(*word, "used")) {
		used = (int32_t)at;
		memcpy(out->data, &used, sizeof(used));
	} else if (span_eq(*word, "cut") && at < out->len) {
		out->len = at;
	} else if (span_eq(*word, "byte") && at < out->len && scan_u64(&rest, &byte)) {
		out->data[at] = (char)byte;
	}
}

static inline void worker_file_build(struct buf *out, struct span text)
{
	struct span rest = text, line, word;
	int32_t used;

	buf_init(out, WORKER_FILE_MAX);
	buf_put(out, "\0\0\0\0\0\0\0\0", 8);
	while (scan_line(&rest, &line))
		if (scan_field(&line, &word) && (span_eq(word, "entry") || span_eq(word, "old")))
			worker_file_entry(out, line, *word.s == 'e');
	if (out->failed)
		return;
	used = (int32_t)out->len;
	memcpy(out->data, &used, sizeof(used));
	for (rest = text; out->len >= 8 && scan_line(&rest, &line);)
		if (scan_field(&line, &word))
			worker_file_damage(out, &word, line);
}
