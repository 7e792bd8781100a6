/* Whatever Docker, Podman and containerd write of their containers: no series twice, nothing that Prometheus would
 * refuse, and no failure without a word. One file stands for all three. */
#include <assert.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collect/reader.h"
#include "exporters/container/common_container.h"
#include "exporters/registry.h"
#include "reread.h"

#define A(c)       c c c c c c c c c c c c c c c c
#define DOCKER     A("4f1e")
#define CONTAINERD A("b07a")

static const char *labels[] = {"com.docker.compose.service", "a.b", "a_b"}, *expected[] = {"app"};
static const struct container_settings settings = {
	.expected = {expected, 1}, .labels = {labels, 3}, .docker_directory = "/docker", .services = true};
extern const struct collector collector_container_cgroup;

static char root[64];

static const char *below(const char *path, char out[512])
{
	snprintf(out, 512, "%s/%s", root, path);
	return out;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static void end(void)
{
	(void)nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void put(const char *path, const void *data, size_t size)
{
	char full[512];
	int fd;

	below(path, full);
	for (char *slash = full + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		(void)mkdir(full, 0700);
		*slash = '/';
	}
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size || close(fd) < 0)
		abort();
}

static void also(const char *path)
{
	char full[512], input[512];

	put(path, "", 0);
	if (unlink(below(path, full)) < 0 || symlink(below("input", input), full) < 0)
		abort();
}

static struct reader *begin(void)
{
	const char *base = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";

	snprintf(root, sizeof(root), "%s/vedette-fuzz-XXXXXX", base);
	if (!mkdtemp(root))
		abort();
	atexit(end);
	put("fs/cgroup/cgroup.controllers", "cpu\n", 4);
	put("fs/cgroup/docker/" DOCKER "/cpu.stat", "usage_usec 1\n", 13);
	put("fs/cgroup/default/" CONTAINERD "/cpu.stat", "usage_usec 1\n", 13);
	also("docker/" DOCKER "/config.v2.json");
	also("run/containerd/io.containerd.runtime.v2.task/default/" CONTAINERD "/config.json");
	also("var/lib/containers/storage/overlay-containers/containers.json");
	return reader_new(&(struct roots){root, root, root});
}

static int fixed_clock(clockid_t clock, struct timespec *out)
{
	(void)clock;
	*out = (struct timespec){1795342200, 0};
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct kernel kernel = {.clock_gettime = fixed_clock};
	static struct reader *reader;
	struct arena arena = {0};
	struct sample_set set;
	struct err err = {""};
	struct probe probe = {.arena = &arena, .target = &settings, .kernel = &kernel};

	if (!reader)
		reader = begin();
	probe.reader = reader;
	put("input", data, size);
	sample_set_init(&set, &arena, NULL);
	if ((collector_container_cgroup.collect(&probe, &set, &err) < 0) != (*err.text != '\0'))
		abort();
	reread(&arena, &set);
	reader_sweep(reader);
	arena_fini(&arena);
	return 0;
}
