#include "logs_page.h"

#include <inttypes.h>

#include "base/clock.h"

static const char *span_text(struct arena *a, double seconds)
{
	if (seconds < 120)
		return arena_printf(a, "%.0f s", seconds);
	return seconds < 7200 ? arena_printf(a, "%.0f min", seconds / 60) : arena_printf(a, "%.1f h", seconds / 3600);
}

static const char *bytes_text(struct arena *a, uint64_t n)
{
	if (n < 1024)
		return arena_printf(a, "%" PRIu64 " B", n);
	return n < 1024 * 1024 ? arena_printf(a, "%.1f KiB", (double)n / 1024)
	                       : arena_printf(a, "%.1f MiB", (double)n / 1024 / 1024);
}

static struct page_row source_row(struct source_counts *c, struct arena *a)
{
	uint64_t files = atomic_load(&c->files), lag = atomic_load(&c->lag_bytes);
	int64_t last = atomic_load(&c->last_real_ns);
	double ago = ns_to_seconds(clock_real_ns() - last);

	return (struct page_row){
		.bad = !files,
		.cells = {arena_printf(a, "source %s", c->name),
	                  !files ? "nothing to read"
	                  : lag  ? "behind"
	                         : "up to date",
	                  arena_printf(a, "%" PRIu64 " open", files),
	                  arena_printf(a, "%" PRIu64 " lines", atomic_load(&c->read_lines)),
	                  lag ? arena_printf(a, "%s, %s", bytes_text(a, lag), span_text(a, source_lag_seconds(c))) : "",
	                  last ? arena_printf(a, "%s ago", span_text(a, ago > 0 ? ago : 0)) : ""},
	};
}

static struct page_row loki_row(const struct shipper_state *state, struct arena *a)
{
	struct log_counts *c = state->counts;
	int64_t oldest = atomic_load(&c->oldest_real_ns);
	uint64_t dropped = 0;
	double waits = oldest ? ns_to_seconds(clock_real_ns() - oldest) : 0;

	for (int i = 0; i < LOG_DROPS; i++)
		dropped += atomic_load(&c->dropped[i]);
	return (struct page_row){
		.bad = state->trouble.since_ns,
		.cells = {"Loki",
	                  state->trouble.since_ns         ? "takes nothing"
	                  : atomic_load(&c->sent_entries) ? "takes all"
	                                                  : "nothing sent yet",
	                  arena_printf(a, "%" PRIu64 " given up", dropped),
	                  arena_printf(a, "%" PRIu64 " entries", atomic_load(&c->sent_entries)),
	                  waits > 0 ? arena_printf(a, "waiting for %s", span_text(a, waits)) : "",
	                  atomic_load(&c->latency_ns)
	                          ? arena_printf(a, "took %.2f s", ns_to_seconds(atomic_load(&c->latency_ns)))
	                          : ""},
	};
}

void logs_page(struct shipper *s, struct arena *a, struct page_section *out)
{
	struct shipper_state state = shipper_state(s);
	struct page_row *rows = ARENA_ARRAY(a, struct page_row, state.counts->n_sources + 1);

	rows[0] = loki_row(&state, a);
	for (size_t i = 0; i < state.counts->n_sources; i++)
		rows[i + 1] = source_row(&state.counts->sources[i], a);
	*out = (struct page_section){
		.title = "Logs",
		.columns = {"What", "State", "Files", "So far", "Behind", "Last"},
		.rows = rows,
		.n_rows = state.counts->n_sources + 1,
	};
	if (!state.trouble.since_ns)
		return;
	out->problem = arena_printf(a, "Loki has not taken logs for %s",
	                            span_text(a, ns_to_seconds(clock_mono_ns() - state.trouble.since_ns)));
	out->advice = arena_printf(
		a,
		"%s. Nothing is lost while the files are there; they are read on when it does. Look whether "
		"Loki runs at %s, and whether its disk is full",
		state.trouble.text, state.url);
}
