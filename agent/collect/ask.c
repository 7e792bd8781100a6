#include "collect/ask.h"

int probe_ask(struct probe *p, const char *name, const char *sql, const struct pg_rows **rows, struct err *err)
{
	struct pg_request rq = {.name = name, .sql = sql, .deadline_ns = p->deadline_ns};

	return pg_query(p->pg, p->arena, &rq, rows, err);
}

int probe_login(struct probe *p, const struct metric_desc metrics[2], struct sample_set *set, struct err *err)
{
	double seconds;
	int rc = pg_login(p->pg, p->deadline_ns, &seconds, err);

	sample_add(set, &metrics[0], rc == 0, NO_LABELS);
	if (rc == 0)
		sample_add(set, &metrics[1], seconds, NO_LABELS);
	return rc;
}
