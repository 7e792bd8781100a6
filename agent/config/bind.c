#include "config/bind.h"

void faults_init(struct faults *f) { *f = (struct faults){0}; }
void faults_fini(struct faults *f) { buf_fini(&f->text); }
void bind_defaults(struct arena *a, const struct field *fields, void *out) { (void)a; (void)fields; (void)out; }
int bind_file(struct arena *a, const char *path, const struct field *fields, void *out, struct faults *faults)
{ (void)a; (void)path; (void)fields; (void)out; (void)faults; return -1; }
bool regex_match(const struct regex *re, const char *subject, size_t len) { (void)re; (void)subject; (void)len; return false; }
