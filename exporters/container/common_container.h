/* What the collector of containers is made of: which cgroups there are, what Docker and containerd say of a container,
 * and the table of families. Called on the lane's thread; memory is the probe's arena. */
#pragma once

#include "collect/collector.h"

enum { CONTAINER_MAX_CGROUPS = 2000 };

/* The exporter's settings. */
struct container_settings {
	struct string_list expected, labels;
	const char *docker_directory;
	bool services;
};

enum cgroup_kind {
	CGROUP_GROUP, /* the root, or a slice */
	CGROUP_SERVICE,
	CGROUP_CONTAINER,
};

struct cgroup {
	enum cgroup_kind kind;
	const char *path; /* as in /proc/<pid>/cgroup: "/system.slice/docker-<id>.scope", the root "/" */
	const char *id;   /* of the container: 64 hexadecimal digits; else NULL */
};

struct cgroups {
	const char *base; /* the mount below /sys: "fs/cgroup" */
	struct cgroup *items;
	size_t n, room;
};

/* All groups, services and containers. READ_ABSENT: there is no version 2 here; READ_FAILED also when there are more
 * than CONTAINER_MAX_CGROUPS. */
MUST_CHECK enum read_result cgroups_find(struct probe *p, struct cgroups *out, struct err *err);

/* A container as its runtime's files describe it. What is not known is NULL, or -1 for pid and started. */
struct container {
	const char *id, *name, *image;
	const char **labels; /* values, in the order of the settings' labels; NULL: it has no such label */
	bool docker;         /* the rest is known */
	bool running, host_network;
	int64_t pid, exit_code, restarts;
	double started;     /* seconds since 1970 */
	const char *health; /* "healthy"; NULL: it has no health check */
};

struct containers {
	struct container *items; /* sorted by id */
	size_t n;
};

/* -1: some description could not be read; those that could are there. */
MUST_CHECK int docker_containers(struct probe *p, struct containers *out, struct err *err);

/* Podman's, of which only those that run have a cgroup. */
enum { PODMAN_FILES = 2 };
MUST_CHECK int podman_containers(struct probe *p, struct containers out[PODMAN_FILES], struct err *err);
const struct container *podman_find(const struct containers all[PODMAN_FILES], const char *id);

/* containerd's namespaces, and what it says of one container in any of them; *out has at least the id. */
MUST_CHECK int containerd_spaces(struct probe *p, struct name_list *out, struct err *err);
MUST_CHECK int containerd_container(struct probe *p, const struct name_list *spaces, const char *id,
                                    struct container *out, struct err *err);

/* Names of disks that were asked for in this collection. */
struct devices {
	struct {
		char number[32]; /* "8:0" */
		const char *name;
	} items[16];
	size_t n;
};

/* One cgroup, with the labels that all of its series have. */
struct subject {
	const struct cgroup *cgroup;
	const struct container *container; /* NULL: it is none */
	struct devices *devices;
	struct label labels[24];
	size_t n;
	bool added;        /* the latest sample was its own, */
	struct label more; /* with this label besides */
};

enum container_metric {
	CPU_USAGE,
	CPU_USER,
	CPU_SYSTEM,
	CFS_PERIODS,
	CFS_THROTTLED_PERIODS,
	CFS_THROTTLED,
	SPEC_CPU_PERIOD,
	SPEC_CPU_QUOTA,
	MEMORY_USAGE,
	MEMORY_WORKING_SET,
	MEMORY_RSS,
	MEMORY_CACHE,
	MEMORY_MAPPED,
	MEMORY_KERNEL,
	MEMORY_ACTIVE_FILE,
	MEMORY_INACTIVE_FILE,
	MEMORY_SWAP,
	MEMORY_PEAK,
	MEMORY_FAILCNT,
	MEMORY_FAILURES,
	SPEC_MEMORY,
	SPEC_MEMORY_SWAP,
	SPEC_MEMORY_RESERVATION,
	OOM_EVENTS,
	THREADS,
	THREADS_MAX,
	FS_READ_BYTES,
	FS_WRITE_BYTES,
	FS_READS,
	FS_WRITES,
	PRESSURE_CPU_WAITING,
	PRESSURE_CPU_STALLED,
	PRESSURE_IO_WAITING,
	PRESSURE_IO_STALLED,
	PRESSURE_MEMORY_WAITING,
	PRESSURE_MEMORY_STALLED,
	NETWORK_RECEIVE, /* eight, in the order of CONTAINER_NETWORK_COLUMNS */
	NETWORK_LAST = NETWORK_RECEIVE + 7,
	START_TIME,
	LAST_SEEN,
	RUNNING,
	EXPECTED,
	HEALTH,
	RESTARTS,
	EXIT_CODE,
};

extern const struct metric_desc container_metrics[];

/* Adds a sample of the subject, with one more label unless that has no name. The same name and value (the same text
 * at the same place) as of the sample before are written only once. */
void subject_add(struct sample_set *set, struct subject *s, enum container_metric metric, double value,
                 struct label more);

/* Processor, memory, tasks, pressure and disks, from the files of its cgroup. */
MUST_CHECK int container_usage(struct probe *p, const char *base, struct subject *s, struct sample_set *set,
                               struct err *err);
/* Traffic of the network that it has for itself; nothing where it shares ours. */
MUST_CHECK int container_network(struct probe *p, const char *base, struct subject *s, struct sample_set *set,
                                 struct err *err);
