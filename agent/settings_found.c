#include "settings_found.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exporters/registry.h"

static const char *value_of(const char *variable)
{
	const char *value = getenv(variable);

	return value && *value ? value : NULL;
}

/* "minio:9000" and "0.0.0.0:7700" become URLs: the one is what clients are told, the other where the server listens. */
static void write_url(struct buf *out, const char *value)
{
	const char *rest = value;

	buf_puts(out, "url: '");
	if (!strstr(value, "://"))
		buf_puts(out, "http://");
	if (!strncmp(value, "0.0.0.0:", 8) || !strncmp(value, "[::]:", 5)) {
		buf_puts(out, "127.0.0.1");
		rest = strrchr(value, ':');
	}
	for (; *rest; rest++)
		if (*rest == '\'' || *rest == '$' || (unsigned char)*rest < ' ')
			buf_putc(out, '?'); /* no URL has them; the check then says so */
		else
			buf_putc(out, *rest);
	buf_puts(out, "'");
}

/* The first variable that is set, as it is or with _FILE behind its name; false: none is. */
static bool write_setting(struct buf *out, const struct found_setting *s)
{
	bool is_url = !strcmp(s->key, "url");
	char file[64];

	for (const char *const *v = s->variables; *v; v++) {
		snprintf(file, sizeof(file), "%s_FILE", *v);
		if (value_of(*v) && is_url)
			write_url(out, value_of(*v));
		else if (value_of(*v))
			buf_printf(out, "%s: ${%s}", s->key, *v);
		else if (value_of(file) && !is_url)
			buf_printf(out, "%s_file: ${%s}", s->key, file);
		else
			continue;
		return true;
	}
	return false;
}

/* "  minio:\n    - url: 'http://minio:9000'\n      access_key: ${MINIO_ROOT_USER}\n" */
static void write_target(struct buf *out, const struct exporter *e)
{
	struct buf CLEANUP_BUF target = {0};

	for (const struct found_setting *s = e->found_as; s->key; s++) {
		struct buf CLEANUP_BUF setting = {0};

		if (!write_setting(&setting, s)) {
			if (s == e->found_as)
				return; /* the rest without the address is nothing */
			continue;
		}
		buf_printf(&target, "%s%s\n", target.len ? "      " : "    - ", setting.data);
	}
	buf_printf(out, "  %s:\n%s", e->name, target.data);
}

static bool any_set(const char *const *variables)
{
	while (variables && *variables && !getenv(*variables))
		variables++;
	return variables && *variables;
}

void settings_write_found(struct buf *out)
{
	struct buf CLEANUP_BUF targets = {0};

	for (const struct exporter *const *e = registry_exporters; *e; e++) {
		if (any_set((*e)->found_by))
			buf_printf(&targets, "  %s:\n    - {}\n", (*e)->name);
		else if ((*e)->found_as)
			write_target(&targets, *e);
	}
	if (targets.len)
		buf_printf(out, "exporters:\n%s", targets.data);
}
