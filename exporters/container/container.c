/* Containers, services and slices as the kernel's cgroups count them, with cAdvisor's names. */
#include "exporters/container/common_container.h"

static const struct field fields[] = {
	F_STRINGS(struct container_settings, expected, NULL,
                  "Names of containers that should run: one that is missing shows as not running."),
	F_STRINGS(struct container_settings, labels,
                  "[com.docker.compose.project, com.docker.compose.service, org.label-schema.group]",
                  "Labels of containers that become labels of their series, as container_label_<label>."),
	F_STRING(struct container_settings, docker_directory, "/var/lib/docker/containers",
                 "Where Docker describes its containers."),
	F_BOOL(struct container_settings, services, "true", "Also report systemd's services and slices, in short."),
	{0},
};

const struct exporter exporter_container = {
	.name = "container",
	.help = "Containers and services of this machine.",
	.job = "container",
	.fields = fields,
	.config_size = sizeof(struct container_settings),
};
