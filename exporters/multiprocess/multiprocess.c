/* Python programs with several processes: what their workers keep in PROMETHEUS_MULTIPROC_DIR. */
#include "exporters/multiprocess/common_multiprocess.h"

static const struct field fields[] = {
	{.name = "directory",
         .type = FIELD_STRING,
         .offset = FIELD_AT(struct multiprocess_options, directory, const char *),
         .help = "Where the workers keep their files: PROMETHEUS_MULTIPROC_DIR, as the agent sees it.",
         .required = true},
	{.name = "max_files",
         .type = FIELD_INT,
         .offset = FIELD_AT(struct multiprocess_options, max_files, int64_t),
         .def = "10000",
         .help = "More files than that are not read, and the target is down.",
         .min = 1,
         .max = 100000},
	F_BOOL(struct multiprocess_options, in_main, "false",
               "Also tell its series in /metrics, not only in its own path."),
	{0},
};

static bool is_in_main(const void *config)
{
	return ((const struct multiprocess_options *)config)->in_main;
}

static int check(const struct attachment *all, size_t i, struct err *err)
{
	const struct multiprocess_options *o = all[i].config;

	if (*o->directory != '/')
		return err_set(err, "directory: %.80s is no absolute path", o->directory);
	if (o->in_main && !all[i].name)
		return err_set(err, "what goes into /metrics needs a name to be told from the agent's own; give one");
	return 0;
}

const struct exporter exporter_multiprocess = {
	.name = "multiprocess",
	.help = "Python programs with several processes, from the files that their workers write.",
	.job = "multiprocess",
	.job_is_name = true,
	.many_targets = true,
	.fields = fields,
	.config_size = sizeof(struct multiprocess_options),
	.check = check,
	.in_main = is_in_main,
};
