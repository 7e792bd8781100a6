#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "web/internal.h"
#include "web/tls.h"

#define HEADER_NS (10 * NS_PER_S)
#define IDLE_NS   (90 * NS_PER_S) /* longer than the usual minute between scrapes */
#define ANSWER_NS (25 * NS_PER_S) /* to take the answer, on top of the scrape itself */
#define CROWD_NS  NS_PER_S        /* for a header, and to be idle, when no more connections fit */

struct conn *conn_of(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

/* IPv4 as IPv6, so that there is one kind; a Unix socket's peer is ::1. */
static struct in6_addr peer_of(const struct sockaddr *sa)
{
	struct in6_addr peer = IN6ADDR_LOOPBACK_INIT;

	if (sa && sa->sa_family == AF_INET6) {
		peer = ((const struct sockaddr_in6 *)sa)->sin6_addr;
	} else if (sa && sa->sa_family == AF_INET) {
		peer = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
		memcpy(&peer.s6_addr[12], &((const struct sockaddr_in *)sa)->sin_addr, 4);
	}
	return peer;
}

/* A proxy on this machine speaks for many. */
static bool is_local(const struct in6_addr *peer)
{
	return IN6_IS_ADDR_LOOPBACK(peer) || (IN6_IS_ADDR_V4MAPPED(peer) && peer->s6_addr[12] == 127);
}

enum MHD_Result conn_accept(void *cls, const struct sockaddr *sa, socklen_t len)
{
	const struct web *web = cls;
	struct in6_addr peer = peer_of(len >= sizeof(sa->sa_family) ? sa : NULL);
	size_t n = 0;

	if (is_local(&peer))
		return MHD_YES;
	for (const struct conn *c = web->conns; c; c = c->next)
		n += IN6_ARE_ADDR_EQUAL(&c->peer, &peer) ? 1 : 0;
	return n < PER_HOST_MAX ? MHD_YES : MHD_NO;
}

void conn_enter(struct conn *c, enum phase phase)
{
	c->phase = phase;
	c->since_ns = clock_mono_ns();
}

static void cut(struct conn *c)
{
	shutdown(c->fd, SHUT_RDWR);
	c->cut = true;
	c->web->cut++;
}

static struct conn *conn_open(struct web *web, struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
	const union MHD_ConnectionInfo *peer = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	struct conn *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	state_refresh(web, clock_mono_ns());
	*c = (struct conn){.web = web, .mhd = mhd, .next = web->conns, .fd = fd ? fd->connect_fd : -1};
	c->peer = peer_of(peer ? peer->client_addr : NULL);
	c->config = webconfig_ref(web->config);
	if (c->next)
		c->next->prev = c;
	web->conns = c;
	web->n_conns++;
	conn_enter(c, PHASE_HEADER);
	return c;
}

static void begin_tls(struct conn *c)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	if (!info || tls_begin(info->tls_session, c->config) < 0) {
		LOG(ERROR, "cannot start TLS on a connection");
		cut(c);
	}
}

static void conn_close(struct conn *c)
{
	struct web *web = c->web;

	if (c->next)
		c->next->prev = c->prev;
	if (c->prev)
		c->prev->next = c->next;
	else
		web->conns = c->next;
	web->n_conns--;
	web->run_once = true;
	webconfig_unref(c->config);
	free(c);
}

void conn_notify(void *cls, struct MHD_Connection *mhd, void **context, enum MHD_ConnectionNotificationCode code)
{
	struct web *web = cls;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		conn_close(*context);
		return;
	}
	*context = conn_open(web, mhd);
	if (web->config->tls)
		begin_tls(*context);
}

static int64_t due(const struct conn *c)
{
	bool crowd = c->web->n_conns >= CONNECTIONS_MAX;

	if (c->suspended || c->cut)
		return INT64_MAX;
	switch (c->phase) {
	case PHASE_HEADER: return c->since_ns + (crowd ? CROWD_NS : HEADER_NS);
	case PHASE_IDLE: return c->since_ns + (crowd ? CROWD_NS : IDLE_NS);
	case PHASE_REQUEST: break;
	}
	return c->since_ns + c->web->state.scrape_timeout + ANSWER_NS;
}

int64_t conn_cut_overdue(struct web *web, int64_t now)
{
	int64_t next = INT64_MAX;

	for (struct conn *c = web->conns; c; c = c->next) {
		int64_t at = due(c);

		if (at <= now)
			cut(c);
		else if (at < next)
			next = at;
	}
	return next;
}
