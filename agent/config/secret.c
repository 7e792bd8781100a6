#include "config/secret.h"

#include <string.h>

#include "base/file.h"
#include "base/utf8.h"

static int secret_check(const char *path, char *text, size_t len, struct err *err)
{
	if (memchr(text, '\0', len) || !utf8_valid(text, len))
		return err_set(err, "%s: no UTF-8 text; write the secret alone into it, as text", path);
	while (len && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		text[--len] = '\0';
	if (!len)
		return err_set(err, "%s: empty; write the secret into it", path);
	return 0;
}

int secret_read(struct arena *a, const char *path, const char **out, struct err *err)
{
	struct err why;
	char *text;
	size_t len;

	if (file_read(a, path, SECRET_MAX_BYTES, &text, &len, &why) < 0)
		return err_set(err, "%s; create the file, and let the user that vedette runs as read it", why.text);
	if (secret_check(path, text, len, err) < 0)
		return -1;
	*out = text;
	return 0;
}

int secret_credential(struct arena *a, const char *name, const char **out, struct err *err)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	const char *path;

	*out = NULL;
	if (!directory || !*directory || strchr(name, '/'))
		return 0;
	path = arena_printf(a, "%s/%s", directory, name);
	if (access(path, F_OK) < 0)
		return 0;
	return secret_read(a, path, out, err);
}
