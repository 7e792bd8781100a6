#include "logs/container_names.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "logs/entry.h"
#include "logs/json_read.h"

enum { CONFIG_MAX = 4 * 1024 * 1024, SHORT_ID = 12 };
enum { NAME, IMAGE, PROJECT, SERVICE, MEMBERS };

static const struct json_want wants[MEMBERS] = {
	[NAME] = {{{"Name", 4}}, 1},
	[IMAGE] = {{{"Config", 6}, {"Image", 5}}, 2},
	[PROJECT] = {{{"Config", 6}, {"Labels", 6}, {"com.docker.compose.project", 26}}, 3},
	[SERVICE] = {{{"Config", 6}, {"Labels", 6}, {"com.docker.compose.service", 26}}, 3},
};

static char *config_path(const char *log_path)
{
	const char *slash = strrchr(log_path, '/');
	char *path;

	if (asprintf(&path, "%.*s/config.v2.json", (int)(slash - log_path), log_path) < 0)
		abort();
	return path;
}

int64_t container_names_changed_ns(const char *log_path)
{
	char CLEANUP_FREE *path = config_path(log_path);
	struct stat st;

	return stat(path, &st) == 0 ? (int64_t)st.st_mtim.tv_sec * NS_PER_S + st.st_mtim.tv_nsec : 0;
}

static const char *short_id(struct arena *a, const char *log_path)
{
	const char *slash = strrchr(log_path, '/'), *id = slash;

	while (id > log_path && id[-1] != '/')
		id--;
	return arena_strndup(a, id, (size_t)(slash - id) < SHORT_ID ? (size_t)(slash - id) : SHORT_ID);
}

static const char *text_of(struct arena *a, const struct json_value *v)
{
	struct span text = v->text;

	if (v->kind != JSON_READ_STRING || !text.len)
		return NULL;
	return arena_strndup(a, text.s, text.len);
}

static bool take(struct arena *a, struct arena *scratch, struct span text, struct container_names *out)
{
	struct json_value members[MEMBERS];

	if (!json_read(scratch, text, wants, MEMBERS, members))
		return false;
	out->name = text_of(a, &members[NAME]);
	out->image = text_of(a, &members[IMAGE]);
	out->project = text_of(a, &members[PROJECT]);
	out->service = text_of(a, &members[SERVICE]);
	if (out->name && *out->name == '/')
		out->name++;
	return out->name && *out->name;
}

bool container_names_read(struct arena *a, const char *log_path, struct container_names *out, int64_t *changed_ns,
                          struct err *err)
{
	char CLEANUP_FREE *path = config_path(log_path);
	struct arena CLEANUP(arena_fini) scratch = {0};
	struct err why = {""};
	size_t len = 0;
	char *text;
	bool known = false;

	*out = (struct container_names){0};
	*changed_ns = container_names_changed_ns(log_path);
	err->text[0] = '\0';
	if (*changed_ns && file_read(&scratch, path, CONFIG_MAX, &text, &len, &why) == 0) {
		known = take(a, &scratch, (struct span){text, len}, out);
		explicit_bzero(text, len);
		if (!known)
			err_set(err, "%s: is not what Docker writes", path);
	} else if (*changed_ns) {
		*err = why;
	}
	if (!known)
		*out = (struct container_names){.name = short_id(a, log_path)};
	return known;
}
