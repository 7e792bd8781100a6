#include "web/auth.h"

#include <crypt.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/log.h"
#include "base/num.h"
#include "base/scan.h"
#include "base/thread.h"

enum {
	KEY_BYTES = 32,
	CACHED = 64,
	QUEUE_MAX = 16,
	HASH_BYTES = 60,
	USER_MAX = 255,
	PASSWORD_MAX = 1023, /* bcrypt itself looks at 72 */
	COST_DEFAULT = 10,
};

/* The last verified logins of one outcome; the oldest goes first. */
struct ring {
	unsigned char keys[CACHED][KEY_BYTES];
	size_t n, next;
};

struct auth_job {
	struct auth_job *next;
	char password[PASSWORD_MAX + 1];
	char hash[HASH_BYTES + 1];
	unsigned char key[KEY_BYTES];
	bool known; /* the user exists */
	bool running, done, abandoned, ok;
};

struct auth {
	int event_fd;
	unsigned char secret[KEY_BYTES];
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t work;
	pthread_t thread;
	bool started, stopping;
	struct auth_job *first;
	size_t queued;
	struct ring good, bad;
	struct crypt_data crypt;
};

enum hash_check auth_hash_check(const char *hash)
{
	uint64_t cost;

	if (strlen(hash) != HASH_BYTES || hash[0] != '$' || hash[1] != '2' || !strchr("aby", hash[2]) ||
	    hash[3] != '$' || hash[6] != '$' || !num_parse_u64(hash + 4, 2, &cost) || cost < 4 || cost > 31)
		return HASH_BAD;
	for (const char *p = hash + 7; *p; p++)
		if (!strchr("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", *p))
			return HASH_BAD;
	return cost > AUTH_COST_MAX ? HASH_TOO_DEAR : HASH_GOOD;
}

struct auth *auth_new(int event_fd)
{
	struct auth *auth = calloc(1, sizeof(*auth));

	if (!auth || gnutls_rnd(GNUTLS_RND_KEY, auth->secret, sizeof(auth->secret)) < 0)
		abort();
	auth->event_fd = event_fd;
	pthread_mutex_init(&auth->lock, NULL);
	pthread_cond_init(&auth->work, NULL);
	return auth;
}

static void job_destroy(struct auth_job *job)
{
	gnutls_memset(job, 0, sizeof(*job));
	free(job);
}

void auth_free(struct auth *auth)
{
	if (!auth)
		return;
	pthread_mutex_lock(&auth->lock);
	auth->stopping = true;
	pthread_cond_signal(&auth->work);
	pthread_mutex_unlock(&auth->lock);
	if (auth->started)
		pthread_join(auth->thread, NULL);
	pthread_cond_destroy(&auth->work);
	pthread_mutex_destroy(&auth->lock);
	gnutls_memset(auth, 0, sizeof(*auth));
	free(auth);
}

static bool ring_has(const struct ring *r, const unsigned char *key)
{
	bool found = false;

	for (size_t i = 0; i < r->n; i++) /* all of them, so that the time tells nothing */
		found |= gnutls_memcmp(r->keys[i], key, KEY_BYTES) == 0;
	return found;
}

static void ring_add(struct ring *r, const unsigned char *key)
{
	if (ring_has(r, key))
		return;
	memcpy(r->keys[r->next], key, KEY_BYTES);
	r->next = (r->next + 1) % CACHED;
	if (r->n < CACHED)
		r->n++;
}

static bool bcrypt_matches(struct crypt_data *data, const char *password, const char *hash)
{
	const char *made = crypt_r(password, hash, data);

	return made && strlen(made) == HASH_BYTES && gnutls_memcmp(made, hash, HASH_BYTES) == 0;
}

static struct auth_job *take_job(struct auth *auth)
{
	struct auth_job *job;

	while (!auth->first && !auth->stopping)
		pthread_cond_wait(&auth->work, &auth->lock);
	if (auth->stopping)
		return NULL;
	job = auth->first;
	auth->first = job->next;
	auth->queued--;
	job->running = true;
	return job;
}

static void *run(void *arg)
{
	struct auth *auth = arg;
	struct auth_job *job;

	pthread_mutex_lock(&auth->lock);
	while ((job = take_job(auth))) {
		bool ok = ring_has(&auth->good, job->key); /* several first requests of one client */

		pthread_mutex_unlock(&auth->lock);
		if (!ok) {
			ok = bcrypt_matches(&auth->crypt, job->password, job->hash) && job->known;
			gnutls_memset(&auth->crypt, 0, sizeof(auth->crypt));
		}
		pthread_mutex_lock(&auth->lock);
		ring_add(ok ? &auth->good : &auth->bad, job->key);
		job->ok = ok;
		job->done = true;
		if (job->abandoned)
			job_destroy(job);
		eventfd_write(auth->event_fd, 1);
	}
	pthread_mutex_unlock(&auth->lock);
	return NULL;
}

/* "Basic dXNlcjpwYXNzd29yZA==" to user and password; false when it is anything else. */
static bool credentials(const char *header, char *user, char *password)
{
	struct span rest = span_of(header), scheme, name;
	gnutls_datum_t coded, plain = {0};
	bool ok;

	if (!scan_field(&rest, &scheme) || scheme.len != 5 || strncasecmp(scheme.s, "Basic", 5) != 0)
		return false;
	rest = span_trim(rest);
	coded = (gnutls_datum_t){(unsigned char *)(uintptr_t)rest.s, (unsigned)rest.len};
	if (gnutls_base64_decode2(&coded, &plain) < 0)
		return false;
	rest = (struct span){(const char *)plain.data, plain.size};
	ok = scan_until(&rest, ':', &name) && span_copy(name, user, USER_MAX + 1) &&
	     span_copy(rest, password, PASSWORD_MAX + 1);
	gnutls_memset(plain.data, 0, plain.size);
	gnutls_free(plain.data);
	return ok;
}

/* The user's hash, or one that nothing matches, as dear as the dearest of them. */
static bool find_hash(const struct string_map *users, const char *user, char *hash)
{
	const char *found = NULL;
	unsigned cost = 0;

	for (size_t i = 0; i < users->n; i++) {
		const char *value = users->items[i].value;
		unsigned its = (unsigned)(value[4] - '0') * 10 + (unsigned)(value[5] - '0');

		cost = its > cost ? its : cost;
		if (!strcmp(users->items[i].key, user))
			found = value;
	}
	if (found)
		memcpy(hash, found, HASH_BYTES + 1);
	else
		snprintf(hash, HASH_BYTES + 1, "$2b$%02u$.....................................................",
		         cost % 100);
	return found;
}

static void make_key(const struct auth *auth, struct auth_job *job, const char *user)
{
	char text[USER_MAX + PASSWORD_MAX + HASH_BYTES + 3];
	int n = snprintf(text, sizeof(text), "%s\n%s\n%s", job->hash, user, job->password);

	gnutls_hmac_fast(GNUTLS_MAC_SHA256, auth->secret, KEY_BYTES, text, (size_t)n, job->key);
	gnutls_memset(text, 0, sizeof(text));
}

/* With the lock held. */
static bool enqueue(struct auth *auth, struct auth_job *job)
{
	struct auth_job **end = &auth->first;
	struct err err;

	if (auth->queued >= QUEUE_MAX)
		return false;
	if (!auth->started && thread_start(&auth->thread, "auth", false, run, auth, &err) < 0) {
		LOG(ERROR, "nobody can log in", "cause", err.text);
		return false;
	}
	auth->started = true;
	while (*end)
		end = &(*end)->next;
	*end = job;
	auth->queued++;
	pthread_cond_signal(&auth->work);
	return true;
}

static enum auth_result submit(struct auth *auth, struct auth_job *job)
{
	enum auth_result result = AUTH_PENDING;

	pthread_mutex_lock(&auth->lock);
	if (ring_has(&auth->good, job->key))
		result = AUTH_OK;
	else if (ring_has(&auth->bad, job->key))
		result = AUTH_DENIED;
	else if (!enqueue(auth, job))
		result = AUTH_BUSY;
	pthread_mutex_unlock(&auth->lock);
	return result;
}

enum auth_result auth_check(struct auth *auth, const struct string_map *users, const char *authorization,
                            struct auth_job **job)
{
	char user[USER_MAX + 1];
	struct auth_job *j = calloc(1, sizeof(*j));
	enum auth_result result = AUTH_DENIED;

	if (!j)
		abort();
	if (authorization && credentials(authorization, user, j->password)) {
		j->known = find_hash(users, user, j->hash);
		make_key(auth, j, user);
		result = submit(auth, j);
	}
	if (result == AUTH_PENDING)
		*job = j;
	else
		job_destroy(j);
	return result;
}

enum auth_result auth_poll(struct auth *auth, const struct auth_job *job)
{
	enum auth_result result = AUTH_PENDING;

	pthread_mutex_lock(&auth->lock);
	if (job->done)
		result = job->ok ? AUTH_OK : AUTH_DENIED;
	pthread_mutex_unlock(&auth->lock);
	return result;
}

void auth_job_free(struct auth *auth, struct auth_job *job)
{
	struct auth_job **p = &auth->first;

	if (!job)
		return;
	pthread_mutex_lock(&auth->lock);
	if (job->running && !job->done) {
		job->abandoned = true;
		job = NULL;
	} else if (!job->done) {
		while (*p && *p != job)
			p = &(*p)->next;
		if (*p) {
			*p = job->next;
			auth->queued--;
		}
	}
	pthread_mutex_unlock(&auth->lock);
	if (job)
		job_destroy(job);
}
