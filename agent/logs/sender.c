#include "logs/sender.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "logs/loki.h"
#include "net/http_post.h"

enum {
	SPLIT_AFTER = 6,   /* refusals for the rate: what is larger than Loki's burst never gets through */
	STREAMS_AFTER = 5, /* refusals for too many streams */
	FIRST_WAIT_MS = 250,
	LONGEST_WAIT_MS = 15000,
	FIRST_DENIED_MS = 2000,
	LONGEST_DENIED_MS = 60000,
	LOG_EVERY_S = 60,
};

/* What is pushed: a batch, bytes of a former run, or a part of one of them. */
struct push {
	struct inflight_push p;
	int64_t started_ns; /* of its oldest entry, monotonic; 0: of a former run */
	unsigned tries;
};

struct sender {
	struct sender_setup setup;
	struct http_poster *poster;
	struct encoder *encoder;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct batch *batch; /* under lock */
	atomic_bool stop;
	struct buf group;
	int64_t trouble_said_ns, drop_said_ns; /* when that was logged last, monotonic; 0: not since all was well */
	struct sender_trouble trouble;
	bool stored; /* the state directory could be written last time */
	struct http_post_reply reply;
	struct inflight_push former; /* what was under way when the agent ended; entries are 0 where nothing was */
	struct arena former_arena;
};

static bool stopping(struct sender *s)
{
	return atomic_load_explicit(&s->stop, memory_order_relaxed);
}

/* Said once when it begins and once when it is over. */
static void storage(struct sender *s, bool good, const struct err *err)
{
	if (good != s->stored) {
		if (good)
			LOG(INFO, "positions of logs can be written again");
		else
			LOG(WARN, "positions of logs cannot be written; after a restart logs may come twice", "err",
			    err->text);
	}
	s->stored = good;
	atomic_store(&s->setup.counts->storage_ok, good);
}

/* Not more than once a minute of each kind. */
static void say(const struct sender *s, int64_t *said_ns, const char *message, const char *reason)
{
	int64_t now = clock_mono_ns();

	if (*said_ns && now - *said_ns < LOG_EVERY_S * NS_PER_S)
		return;
	*said_ns = now;
	LOG(WARN, message, "url", s->setup.loki->push_url, "reason", reason);
}

/* Loki takes nothing: the status page tells until it does. */
static void in_trouble(struct sender *s, const char *message, const char *reason)
{
	pthread_mutex_lock(&s->lock);
	snprintf(s->trouble.text, sizeof(s->trouble.text), "%s: %s", message, reason);
	s->trouble.since_ns = s->trouble.since_ns ? s->trouble.since_ns : clock_mono_ns();
	pthread_mutex_unlock(&s->lock);
	say(s, &s->trouble_said_ns, message, reason);
}

enum { REASON_MAX = 240 };

static const char *reply_reason(const struct sender *s, char out[REASON_MAX])
{
	struct span text = {s->reply.text, s->reply.len}, line = {"", 0};

	scan_line(&text, &line);
	snprintf(out, REASON_MAX, "%d %.*s", s->reply.status, (int)(line.len < 200 ? line.len : 200), line.s);
	return out;
}

/* Doubles with each try; between half and all of it. */
static int64_t backoff_ns(unsigned tries, int first_ms, int longest_ms)
{
	int64_t ms = first_ms;
	uint16_t random = 0;

	for (unsigned i = 1; i < tries && ms < longest_ms; i++)
		ms *= 2;
	ms = ms < longest_ms ? ms : longest_ms;
	(void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
	return (ms / 2 + ms / 2 * random / UINT16_MAX) * NS_PER_MS;
}

static void wait_for(struct sender *s, int64_t ns)
{
	int64_t until = clock_mono_ns() + ns;
	struct timespec ts = {until / NS_PER_S, until % NS_PER_S};

	pthread_mutex_lock(&s->lock);
	while (!stopping(s) && pthread_cond_timedwait(&s->changed, &s->lock, &ts) != ETIMEDOUT)
		;
	pthread_mutex_unlock(&s->lock);
}

static void drop(struct sender *s, enum log_drop why, size_t n, const char *message)
{
	char reason[REASON_MAX];

	log_count(&s->setup.counts->dropped[why], n);
	say(s, &s->drop_said_ns, message, reply_reason(s, reason));
}

/* How many tries until it is not worth it to send the same bytes again; what a verdict asks for now. */
enum action { ACT_DONE, ACT_RETRY, ACT_SPLIT };

static enum action refused(struct sender *s, struct push *push, enum log_drop why, const char *message)
{
	struct span text = {s->reply.text, s->reply.len};

	size_t n = why == DROP_REFUSED ? loki_count_refused(text, push->p.entries) : push->p.entries;

	drop(s, why, n, message);
	log_count(&s->setup.counts->sent_entries, push->p.entries - n);
	return ACT_DONE;
}

static enum action judge(struct sender *s, struct push *push)
{
	struct span text = {s->reply.text, s->reply.len};
	char reason[REASON_MAX];

	switch (loki_verdict(s->reply.status, text)) {
	case LOKI_DELIVERED: return ACT_DONE;
	case LOKI_REFUSED:
		return refused(s, push, DROP_REFUSED, "Loki refuses log entries; they are dropped and counted");
	case LOKI_TOO_BIG:
		if (push->p.entries > 1)
			return ACT_SPLIT;
		return refused(s, push, DROP_TOO_BIG, "an entry is too big for Loki; it is dropped and counted");
	case LOKI_STREAMS:
		if (push->tries >= STREAMS_AFTER)
			return refused(s, push, DROP_STREAMS,
			               "too many streams for Loki; entries are dropped and counted");
		break;
	case LOKI_LATER:
		if (s->reply.status == 429 && push->tries >= SPLIT_AFTER && push->p.entries > 1)
			return ACT_SPLIT;
		break;
	case LOKI_DENIED:
		in_trouble(s,
		           "Loki does not let us in; logs are kept and tried again. Look at its address and the "
		           "credentials",
		           reply_reason(s, reason));
		wait_for(s, backoff_ns(push->tries, FIRST_DENIED_MS, LONGEST_DENIED_MS));
		return ACT_RETRY;
	}
	in_trouble(s, "Loki does not take logs now; they are kept and tried again", reply_reason(s, reason));
	wait_for(s, backoff_ns(push->tries, FIRST_WAIT_MS, LONGEST_WAIT_MS));
	return ACT_RETRY;
}

static void delivered(struct sender *s, const struct push *push)
{
	struct log_counts *c = s->setup.counts;
	bool good = s->reply.status == 204;

	if (good && s->trouble_said_ns) {
		LOG(INFO, "Loki takes logs again", "url", s->setup.loki->push_url);
		s->trouble_said_ns = 0;
	}
	log_count(&c->pushes, 1);
	if (good) {
		pthread_mutex_lock(&s->lock);
		s->trouble.since_ns = 0;
		pthread_mutex_unlock(&s->lock);
		log_count(&c->sent_entries, push->p.entries);
		log_count(&c->sent_bytes, push->p.body.len);
	}
	if (push->started_ns)
		atomic_store(&c->latency_ns, clock_mono_ns() - push->started_ns);
}

/* ACT_RETRY: told to stop. */
static enum action deliver(struct sender *s, struct push *push)
{
	char tenant[128];
	struct http_header header = {"X-Scope-OrgID", tenant};
	struct log_counts *c = s->setup.counts;
	struct err err;

	snprintf(tenant, sizeof(tenant), "%.*s", (int)push->p.tenant.len, push->p.tenant.s);
	header.name = *tenant ? header.name : NULL;
	while (!stopping(s)) {
		enum action act;

		push->tries++;
		if (push->tries > 1)
			log_count(&c->retries, 1);
		s->reply.status = 0;
		if (http_post(s->poster, push->p.body, header, &s->reply, &err) < 0) {
			if (stopping(s))
				break;
			atomic_store(&c->delivering, false);
			in_trouble(s, "Loki cannot be reached; logs are kept and tried again", err.text);
			wait_for(s, backoff_ns(push->tries, FIRST_WAIT_MS, LONGEST_WAIT_MS));
			continue;
		}
		atomic_store(&c->last_status, s->reply.status);
		atomic_store(&c->delivering, s->reply.status == 204);
		act = judge(s, push);
		if (act == ACT_DONE)
			delivered(s, push);
		if (act != ACT_RETRY)
			return act;
	}
	return ACT_RETRY;
}

static void commit(struct sender *s, struct span group)
{
	struct err err;

	storage(s, positions_commit(s->setup.positions, group, &err) == 0, &err);
}

/* Pushes entries [first, last) of what was taken apart. False: told to stop. */
static bool send_part(struct sender *s, const struct push *whole, const Push__Request *r, size_t first, size_t last)
{
	struct push push = {.p = whole->p, .started_ns = whole->started_ns};
	size_t half = first + (last - first) / 2;
	struct err err;

	if (first >= last)
		return true;
	push.p.entries = last - first;
	push.p.body = encoder_encode_part(s->encoder, r, first, last);
	switch (deliver(s, &push)) {
	case ACT_DONE:
		if (inflight_note_done(s->setup.inflight, last, &err) < 0)
			storage(s, false, &err);
		return true;
	case ACT_SPLIT: return send_part(s, whole, r, first, half) && send_part(s, whole, r, half, last);
	case ACT_RETRY: break;
	}
	return false;
}

/* Loki does not take it as a whole, or has a part of it already. */
static bool send_parts(struct sender *s, struct push *push)
{
	Push__Request *r = loki_take_apart(push->p.body);
	size_t done = push->p.done, n, next;
	bool sent;

	if (!r)
		return refused(s, push, DROP_TOO_BIG, "a push is damaged; it is dropped and counted") == ACT_DONE;
	n = loki_count_entries(r);
	next = done ? done : n / 2;
	sent = (done || send_part(s, push, r, 0, next)) && send_part(s, push, r, next, n);
	loki_free_request(r);
	return sent;
}

/* False: told to stop. */
static bool send_whole(struct sender *s, struct push *push)
{
	enum action act = push->p.done ? ACT_SPLIT : deliver(s, push);

	return act == ACT_DONE || (act == ACT_SPLIT && send_parts(s, push));
}

static void send_batch(struct sender *s, struct batch *b)
{
	struct checkpoint c = batch_checkpoint(b);
	struct push push = {.started_ns = b->started_ns};
	struct span group;
	struct err err;

	buf_reset(&s->group);
	checkpoint_write(&c, &s->group);
	group = (struct span){s->group.data, s->group.len};
	if (b->n) {
		push.p = (struct inflight_push){b->number,          b->n,  0,
		                                span_of(b->tenant), group, encoder_encode(s->encoder, b)};
		if (inflight_write(s->setup.inflight, &push.p, &err) < 0)
			storage(s, false, &err);
	}
	if (!b->n || send_whole(s, &push))
		commit(s, group);
}

/* The reader may go on behind what was under way, which is never given up: only the same bytes make Loki see what it
 * has of it already. */
static void recall(struct sender *s)
{
	struct inflight_push *p = &s->former;

	if (!inflight_read(s->setup.inflight, &s->former_arena, p) ||
	    p->number <= positions_number(s->setup.positions) || !positions_apply(s->setup.positions, p->group))
		*p = (struct inflight_push){0};
}

static void replay(struct sender *s)
{
	struct push push = {.p = s->former};

	if (!push.p.entries)
		return;
	log_count(&s->setup.counts->replayed, 1);
	LOG(INFO, "sending again what was under way when the agent ended");
	if (send_whole(s, &push))
		commit(s, push.p.group);
}

static void wake_reader(const struct sender *s)
{
	uint64_t one = 1;

	(void)!write(s->setup.wake_fd, &one, sizeof(one));
}

static void finish(struct sender *s)
{
	pthread_mutex_lock(&s->lock);
	s->batch = NULL;
	atomic_store(&s->setup.counts->oldest_real_ns, 0);
	pthread_mutex_unlock(&s->lock);
	wake_reader(s);
}

static void *run(void *arg)
{
	struct sender *s = arg;

	while (!stopping(s)) {
		struct batch *b;

		pthread_mutex_lock(&s->lock);
		while (!s->batch && !stopping(s))
			pthread_cond_wait(&s->changed, &s->lock);
		b = s->batch;
		pthread_mutex_unlock(&s->lock);
		if (!b || stopping(s))
			break;
		send_batch(s, b);
		if (!stopping(s))
			finish(s);
	}
	return NULL;
}

static void *run_all(void *arg)
{
	struct sender *s = arg;

	replay(s);
	arena_fini(&s->former_arena);
	if (!stopping(s))
		finish(s);
	return run(s);
}

static int make_poster(struct sender *s, struct err *err)
{
	const struct loki_settings *l = s->setup.loki;
	struct arena CLEANUP(arena_fini) a = {0};
	struct http_header *headers = ARENA_ARRAY(&a, struct http_header, l->headers.n + 1);

	for (size_t i = 0; i < l->headers.n; i++)
		headers[i] = (struct http_header){l->headers.items[i].key, l->headers.items[i].value};
	return http_poster_new(&s->poster,
	                       &(struct http_post_settings){.url = l->push_url,
	                                                    .content_type = "application/x-protobuf",
	                                                    .access.username = l->basic_auth.username,
	                                                    .access.password = l->basic_auth.password,
	                                                    .access.bearer_token = l->bearer_token,
	                                                    .access.ca_file = l->tls.ca_file,
	                                                    .access.cert_file = l->tls.cert_file,
	                                                    .access.key_file = l->tls.key_file,
	                                                    .access.insecure_skip_verify = l->tls.insecure_skip_verify,
	                                                    .proxy = l->proxy,
	                                                    .headers = headers,
	                                                    .n_headers = l->headers.n,
	                                                    .timeout_ns = l->timeout,
	                                                    .stop = &s->stop},
	                       err);
}

int sender_start(struct sender **out, const struct sender_setup *setup, struct err *err)
{
	static struct batch replaying; /* stands for a batch until the replay is over */
	struct sender *s = calloc(1, sizeof(*s));
	pthread_condattr_t attr;

	if (!s)
		abort();
	s->setup = *setup;
	s->stored = true;
	s->batch = &replaying;
	s->encoder = encoder_new();
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->changed, &attr);
	pthread_condattr_destroy(&attr);
	recall(s);
	if (make_poster(s, err) < 0 || thread_start(&s->thread, "logs-send", false, run_all, s, err) < 0) {
		sender_free(s);
		return -1;
	}
	*out = s;
	return 0;
}

void sender_stop(struct sender *s)
{
	pthread_mutex_lock(&s->lock);
	atomic_store(&s->stop, true);
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

bool sender_join(struct sender *s, int64_t deadline_ns)
{
	return thread_join(s->thread, deadline_ns);
}

void sender_free(struct sender *s)
{
	if (!s)
		return;
	http_poster_free(s->poster);
	encoder_free(s->encoder);
	buf_fini(&s->group);
	arena_fini(&s->former_arena);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->changed);
	free(s);
}

bool sender_offer(struct sender *s, struct batch *b)
{
	bool taken;

	pthread_mutex_lock(&s->lock);
	taken = !s->batch;
	if (taken) {
		s->batch = b;
		atomic_store(&s->setup.counts->oldest_real_ns, b->n ? b->read_real_ns : 0);
		pthread_cond_broadcast(&s->changed);
	}
	pthread_mutex_unlock(&s->lock);
	return taken;
}

bool sender_idle(struct sender *s)
{
	bool idle;

	pthread_mutex_lock(&s->lock);
	idle = !s->batch;
	pthread_mutex_unlock(&s->lock);
	return idle;
}

struct sender_trouble sender_trouble(struct sender *s)
{
	struct sender_trouble trouble;

	pthread_mutex_lock(&s->lock);
	trouble = s->trouble;
	pthread_mutex_unlock(&s->lock);
	return trouble;
}
