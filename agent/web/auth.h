/* Who is asking: Basic authentication against bcrypt hashes.
 *
 * bcrypt takes tens of milliseconds on purpose, so it runs on a thread of its own, which is started at the first
 * login; results are remembered under a key that only this process can make, so that a scrape costs nothing.
 * An unknown user costs the same as a known one. All functions are called by the web thread. */
#pragma once

#include <stdbool.h>

#include "config/field.h"

enum { AUTH_COST_MAX = 14 };

enum hash_check { HASH_GOOD, HASH_BAD, HASH_TOO_DEAR };
enum hash_check auth_hash_check(const char *hash);

enum auth_result {
	AUTH_OK,
	AUTH_DENIED,
	AUTH_PENDING, /* a job is under way: the eventfd tells when to look again */
	AUTH_BUSY,    /* too many logins wait */
};

struct auth;
struct auth_job;

/* The eventfd is written when a job has ended. */
struct auth *auth_new(int event_fd);
void auth_free(struct auth *auth); /* waits for the bcrypt that is running */

/* `authorization` is the header, or NULL. With AUTH_PENDING there is a job, which the caller frees. */
enum auth_result auth_check(struct auth *auth, const struct string_map *users, const char *authorization,
                            struct auth_job **job);

/* AUTH_PENDING, or the verdict. */
enum auth_result auth_poll(struct auth *auth, const struct auth_job *job);
void auth_job_free(struct auth *auth, struct auth_job *job); /* NULL is allowed; also while it is pending */
