#include "collect/pressure.h"

#include "base/num.h"

bool pressure_total(struct span text, const char *kind, uint64_t *out)
{
	struct span line, field;

	while (scan_line(&text, &line)) {
		if (!scan_field(&line, &field) || !span_eq(field, kind))
			continue;
		while (scan_field(&line, &field))
			if (span_starts(field, "total="))
				return num_parse_u64(field.s + 6, field.len - 6, out);
	}
	return false;
}
