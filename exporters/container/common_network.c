/* A container's traffic: /proc/<pid>/net/dev shows the network of that process. */
#include "base/num.h"
#include "exporters/container/common_container.h"

enum { COLUMNS = 16 };

/* Where the eight families stand among the columns of net/dev. */
static const int columns[] = {0, 1, 2, 3, 8, 9, 10, 11};

/* Others leave these out too: the other end of a pair is what counts. */
static bool is_traffic(struct span interface)
{
	return !span_eq(interface, "lo") && !span_starts(interface, "veth") && !span_starts(interface, "docker");
}

static bool read_line(struct arena *a, struct span line, const char **interface, uint64_t values[COLUMNS])
{
	struct span name;

	if (!scan_until(&line, ':', &name))
		return false;
	name = span_trim(name);
	if (!name.len || !is_traffic(name))
		return false;
	*interface = arena_strndup(a, name.s, name.len);
	for (int i = 0; i < COLUMNS; i++)
		if (!scan_u64(&line, &values[i]))
			return false;
	return true;
}

/* A process of the container; 0: there is none. */
static int64_t some_process(struct probe *p, const char *base, const struct subject *s)
{
	static const char *const groups[] = {"", "/container"}; /* the second is crun's, for Podman */
	struct span text, line;
	struct err ignored;
	uint64_t pid;

	if (s->container->docker)
		return s->container->pid;
	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		if (reader_readf(p->reader, p->arena, ROOT_SYS, &text, &ignored, "%s%s%s/cgroup.procs", base,
		                 s->cgroup->path, groups[i]) == READ_OK &&
		    scan_line(&text, &line) && num_parse_u64(line.s, line.len, &pid) && pid <= INT32_MAX)
			return (int64_t)pid;
	return 0;
}

/* The host's own traffic is no container's. Who may not look is told by Docker's description only. */
static bool shares_ours(struct probe *p, const struct subject *s, int64_t pid)
{
	const char *ours, *theirs;
	struct err ignored;

	if (s->container->docker)
		return s->container->host_network;
	return reader_link(p->reader, p->arena, ROOT_PROC, &ours, &ignored, "1/ns/net") != READ_OK ||
	       reader_link(p->reader, p->arena, ROOT_PROC, &theirs, &ignored, "%d/ns/net", (int)pid) != READ_OK ||
	       !strcmp(ours, theirs);
}

int container_network(struct probe *p, const char *base, struct subject *s, struct sample_set *set, struct err *err)
{
	int64_t pid = some_process(p, base, s);
	uint64_t values[COLUMNS];
	struct span text, line;
	const char *interface;
	enum read_result rc;

	if (pid <= 0 || shares_ours(p, s, pid))
		return 0;
	rc = reader_readf(p->reader, p->arena, ROOT_PROC, &text, err, "%d/net/dev", (int)pid);
	if (rc != READ_OK)
		return rc == READ_FAILED ? -1 : 0;
	while (scan_line(&text, &line)) {
		if (!read_line(p->arena, line, &interface, values))
			continue;
		for (size_t i = 0; i < ARRAY_LEN(columns); i++)
			subject_add(set, s, (enum container_metric)(NETWORK_RECEIVE + i), (double)values[columns[i]],
			            (struct label){"interface", interface});
	}
	return 0;
}
