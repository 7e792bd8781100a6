#include <string.h>

#include "web/internal.h"
#include "web/tls.h"

void *request_begin(void *cls, const char *uri, struct MHD_Connection *mhd)
{
	struct request *rq = calloc(1, sizeof(*rq));

	if (!rq)
		abort();
	rq->web = cls;
	rq->conn = conn_of(mhd);
	rq->target = arena_strndup(&rq->arena, uri, strnlen(uri, QUERY_MAX_BYTES + 1));
	rq->conn->request = rq;
	if (rq->conn->phase == PHASE_IDLE)
		conn_enter(rq->conn, PHASE_HEADER);
	return rq;
}

void request_end(void *cls, struct MHD_Connection *mhd, void **context, enum MHD_RequestTerminationCode code)
{
	struct request *rq = *context;

	(void)cls;
	(void)mhd;
	(void)code;
	if (!rq)
		return;
	*context = NULL;
	rq->conn->request = NULL;
	conn_enter(rq->conn, PHASE_IDLE);
	auth_job_free(rq->web->auth, rq->job);
	gather_free(rq->gather);
	fleet_unref(rq->fleet);
	arena_fini(&rq->arena);
	free(rq);
}

const char *request_header(const struct request *rq, const char *name)
{
	return MHD_lookup_connection_value(rq->conn->mhd, MHD_HEADER_KIND, name);
}

enum MHD_Result request_suspend(struct request *rq)
{
	if (rq->web->closing)
		return reply_text(rq, MHD_HTTP_SERVICE_UNAVAILABLE, "The agent is stopping.");
	MHD_suspend_connection(rq->conn->mhd);
	rq->conn->suspended = true;
	return MHD_YES;
}

static bool ready(const struct request *rq)
{
	if (rq->web->closing)
		return true;
	if (rq->job)
		return auth_poll(rq->web->auth, rq->job) != AUTH_PENDING;
	return !rq->gather || gather_done(rq->gather);
}

int64_t request_resume_ready(struct web *web)
{
	int64_t next = INT64_MAX;

	for (struct conn *c = web->conns; c; c = c->next) {
		if (!c->suspended)
			continue;
		if (ready(c->request)) {
			c->suspended = false;
			MHD_resume_connection(c->mhd);
		} else if (!c->request->job && gather_deadline(c->request->gather) < next) {
			next = gather_deadline(c->request->gather);
		}
	}
	return next;
}

static bool certificate_ok(struct conn *c)
{
	const union MHD_ConnectionInfo *info;

	if (!c->config->tls)
		return true;
	if (!c->cert_known) {
		info = MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
		c->cert_ok = info && tls_check_client(info->tls_session, c->config, &c->cert_error) == 0;
		c->cert_known = true;
	}
	return c->cert_ok;
}

static enum MHD_Result deny(struct request *rq)
{
	reply_header(rq, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Basic realm=\"vedette\", charset=\"UTF-8\"");
	return reply_text(rq, MHD_HTTP_UNAUTHORIZED,
	                  "Log in with a user and password of the agent's web configuration.");
}

/* True when the request may go on; else *out is what to return. */
static bool admit(struct request *rq, enum MHD_Result *out)
{
	const struct string_map *users = &rq->web->config->file.basic_auth_users;
	enum auth_result verdict = AUTH_OK;

	if (rq->job)
		verdict = auth_poll(rq->web->auth, rq->job);
	else if (users->n)
		verdict = auth_check(rq->web->auth, users, request_header(rq, MHD_HTTP_HEADER_AUTHORIZATION), &rq->job);
	switch (verdict) {
	case AUTH_OK: break;
	case AUTH_DENIED: *out = deny(rq); return false;
	case AUTH_PENDING: *out = request_suspend(rq); return false;
	case AUTH_BUSY:
		reply_header(rq, MHD_HTTP_HEADER_RETRY_AFTER, "1");
		*out = reply_text(rq, MHD_HTTP_SERVICE_UNAVAILABLE,
		                  "Too many logins are being checked; try again shortly.");
		return false;
	}
	auth_job_free(rq->web->auth, rq->job);
	rq->job = NULL;
	rq->trusted = true;
	return true;
}

enum MHD_Result request_handle(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
                               const char *version, const char *upload, size_t *upload_len, void **context)
{
	struct request *rq = *context;
	enum MHD_Result result;
	struct err err;

	(void)cls;
	(void)mhd;
	(void)url;
	(void)version;
	(void)upload;
	if (!rq->begun) {
		rq->begun = true;
		rq->method = arena_strdup(&rq->arena, method);
		conn_enter(rq->conn, PHASE_REQUEST);
		return MHD_YES;
	}
	if (*upload_len) {
		*upload_len = 0; /* nothing here takes a body */
		return MHD_YES;
	}
	if (!certificate_ok(rq->conn))
		return reply_text(rq, MHD_HTTP_FORBIDDEN, "%s", rq->conn->cert_error.text);
	if (!rq->trusted && !admit(rq, &result))
		return result;
	if (rq->gather)
		return scrape_finish(rq);
	if (query_parse(&rq->arena, rq->target, &rq->query, &err) < 0)
		return reply_text(rq, MHD_HTTP_BAD_REQUEST, "%s", err.text);
	return route_serve(rq);
}
