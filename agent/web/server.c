#include <errno.h>
#include <gnutls/abstract.h>
#include <stdarg.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "base/log.h"
#include "web/internal.h"

enum { INACTIVE_SECONDS = 90, EVENTS = 8 };

static void log_line(void *cls, const char *fmt, va_list ap)
{
	char text[512];
	size_t len;

	(void)cls;
	vsnprintf(text, sizeof(text), fmt, ap);
	len = strlen(text);
	while (len && text[len - 1] == '\n')
		text[--len] = '\0';
	LOG(DEBUG, "http", "detail", text);
}

/* TLS is set up per connection, from the configuration of that moment; the library only needs to see a callback. */
static int no_certificate(gnutls_session_t session, const gnutls_datum_t *cas, int n_cas,
                          const gnutls_pk_algorithm_t *algos, int n_algos, gnutls_pcert_st **pcert, unsigned *n_pcert,
                          gnutls_privkey_t *key)
{
	(void)session;
	(void)cas;
	(void)n_cas;
	(void)algos;
	(void)n_algos;
	(void)pcert;
	(void)n_pcert;
	(void)key;
	return -1;
}

static int start_daemon(struct web *web, struct err *err)
{
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
	struct MHD_OptionItem tls[] = {
		{MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)(uintptr_t)no_certificate},
		{MHD_OPTION_END, 0, NULL},
	};

	if (web->config->tls)
		flags |= MHD_USE_TLS;
	else
		tls[0].option = MHD_OPTION_END;
	web->daemon = MHD_start_daemon(
		flags, 0, conn_accept, web, request_handle, web, MHD_OPTION_EXTERNAL_LOGGER, log_line, web,
		MHD_OPTION_LISTEN_SOCKET, web->listener.fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_BYTES, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)INACTIVE_SECONDS, MHD_OPTION_NOTIFY_CONNECTION, conn_notify, web, MHD_OPTION_URI_LOG_CALLBACK,
		request_begin, web, MHD_OPTION_NOTIFY_COMPLETED, request_end, web, MHD_OPTION_ARRAY, tls,
		MHD_OPTION_END);
	if (!web->daemon)
		return err_set(err, "the HTTP server could not be started on %s", web->listener.text);
	web->listener.fd = -1; /* the server closes it */
	return 0;
}

static int watch(struct web *web, int fd, struct err *err)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(web->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? err_errno(err, "epoll") : 0;
}

static int start_loop(struct web *web, struct err *err)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(web->daemon, MHD_DAEMON_INFO_EPOLL_FD);

	web->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (web->epoll_fd < 0)
		return err_errno(err, "epoll");
	if (!info || watch(web, info->epoll_fd, err) < 0 || watch(web, web->event_fd, err) < 0)
		return -1;
	return web->hooks.watch_fd >= 0 ? watch(web, web->hooks.watch_fd, err) : 0;
}

static int start(struct web *web, const struct web_settings *settings, struct err *err)
{
	web->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (web->event_fd < 0)
		return err_errno(err, "eventfd");
	if (state_make(&web->state, settings, err) < 0 ||
	    state_load_webconfig(&web->config, web->state.config_file, err) < 0 ||
	    listen_open(settings->listen_address, &web->listener, err) < 0 ||
	    state_guard(&web->listener, &web->state, web->config, err) < 0 || listen_start(&web->listener, err) < 0)
		return -1;
	web->auth = auth_new(web->event_fd);
	if (start_daemon(web, err) < 0)
		return -1;
	return start_loop(web, err);
}

int web_new(struct web **out, const struct web_settings *settings, const struct web_hooks *hooks, struct err *err)
{
	struct web *web = calloc(1, sizeof(*web));

	if (!web)
		abort();
	web->hooks = *hooks;
	web->event_fd = -1;
	web->epoll_fd = -1;
	web->listener.fd = -1;
	self_init(&web->self);
	gethostname(web->hostname, sizeof(web->hostname) - 1);
	if (start(web, settings, err) < 0) {
		web_free(web);
		return -1;
	}
	if (!web->listener.local && web->config->file.basic_auth_users.n && !web->config->tls)
		LOG(WARN, "passwords travel unencrypted: give a certificate in the web configuration", "address",
		    web->listener.text);
	LOG(INFO, "listening", "address", web->listener.text);
	*out = web;
	return 0;
}

/* Milliseconds until `at`, rounded up, and no longer than the server itself wants to sleep. */
static int wait_ms(const struct web *web, int64_t at)
{
	MHD_UNSIGNED_LONG_LONG server_ms;
	int64_t now = clock_mono_ns(), ms = 3600 * 1000;

	if (web->run_once)
		return 0;
	if (at - now < ms * NS_PER_MS)
		ms = at > now ? (at - now + NS_PER_MS - 1) / NS_PER_MS : 0;
	if (MHD_get_timeout(web->daemon, &server_ms) == MHD_YES && server_ms < (unsigned long long)ms)
		ms = (int64_t)server_ms;
	return (int)ms;
}

static void take_event(struct web *web, int fd)
{
	eventfd_t count;

	if (fd == web->event_fd)
		(void)!eventfd_read(fd, &count);
	else if (fd == web->hooks.watch_fd)
		web->hooks.on_watch(web->hooks.owner);
}

int web_run(struct web *web, struct err *err)
{
	struct epoll_event events[EVENTS];

	while (!web->stopping) {
		int64_t gathers = request_resume_ready(web);
		int64_t clients = conn_cut_overdue(web, clock_mono_ns());
		int n;

		n = epoll_wait(web->epoll_fd, events, EVENTS, wait_ms(web, gathers < clients ? gathers : clients));
		if (n < 0 && errno != EINTR)
			return err_errno(err, "epoll");
		for (int i = 0; i < n; i++)
			take_event(web, events[i].data.fd);
		web->run_once = false;
		request_resume_ready(web);
		MHD_run(web->daemon);
	}
	return 0;
}

void web_stop(struct web *web)
{
	web->stopping = true;
	eventfd_write(web->event_fd, 1);
}

void web_free(struct web *web)
{
	if (!web)
		return;
	if (web->daemon) {
		web->closing = true;
		request_resume_ready(web);
		MHD_run(web->daemon); /* who waits is told that we stop */
		MHD_stop_daemon(web->daemon);
	}
	listen_close(&web->listener);
	auth_free(web->auth);
	if (web->epoll_fd >= 0)
		close(web->epoll_fd);
	if (web->event_fd >= 0)
		close(web->event_fd);
	webconfig_unref(web->config);
	gzip_fini(&web->gzip);
	self_fini(&web->self);
	arena_fini(&web->state.arena);
	free(web);
}

uint16_t web_port(const struct web *web)
{
	return web->listener.port;
}

const char *web_address(const struct web *web)
{
	return web->listener.text;
}
