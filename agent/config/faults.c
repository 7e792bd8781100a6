#include <stdarg.h>
#include <stdio.h>

#include "config/bind.h"

/* As many as a person mends before the next run. */
enum { FAULTS_SHOWN = 100, FAULT_MAX = 1024 };

void faults_init(struct faults *f)
{
	*f = (struct faults){0};
}

void faults_fini(struct faults *f)
{
	buf_fini(&f->text);
}

void faults_add(struct faults *f, const char *file, size_t line, size_t column, const char *fmt, ...)
{
	char what[FAULT_MAX];
	va_list ap;

	if (f->n++ == FAULTS_SHOWN)
		buf_printf(&f->text, "%s: there is more; mend what is above first\n", file);
	if (f->n > FAULTS_SHOWN)
		return;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (line)
		buf_printf(&f->text, "%s:%zu:%zu: %s\n", file, line, column, what);
	else
		buf_printf(&f->text, "%s: %s\n", file, what);
}
