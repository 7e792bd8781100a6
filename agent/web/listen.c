#include "web/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/num.h"
#include "base/scan.h"

enum { BACKLOG = 1024, SOCKET_MODE = 0660 };

static const char examples[] = "write it as 127.0.0.1:19100, [::1]:19100, :19100 or unix:/run/vedette.sock";

static int parse_port(struct span text, struct listen_address *out, struct err *err)
{
	uint64_t port;

	if (!num_parse_u64(text.s, text.len, &port) || port > 65535)
		return err_set(err, "the port in a listen address is a number from 0 to 65535: %s", examples);
	snprintf(out->port, sizeof(out->port), "%u", (unsigned)port & 0xffff);
	return 0;
}

static int parse_unix(const char *path, struct listen_address *out, struct err *err)
{
	if (*path != '/')
		return err_set(err, "a Unix socket needs an absolute path, such as unix:/run/vedette.sock");
	if (!span_copy(span_of(path), out->path, sizeof(out->path)))
		return err_set(err, "the path of the Unix socket is longer than %zu bytes", sizeof(out->path) - 1);
	return 0;
}

int listen_parse(const char *text, struct listen_address *out, struct err *err)
{
	const char *colon = strrchr(text, ':');
	struct span host;

	*out = (struct listen_address){0};
	if (!strncmp(text, "unix:", 5))
		return parse_unix(text + 5, out, err);
	if (!colon)
		return err_set(err, "the listen address %.64s has no port: %s", text, examples);
	host = (struct span){text, (size_t)(colon - text)};
	if (host.len >= 2 && host.s[0] == '[' && host.s[host.len - 1] == ']')
		host = (struct span){host.s + 1, host.len - 2};
	else if (memchr(host.s, ':', host.len))
		return err_set(err, "an IPv6 address needs brackets: [%.*s]%s", (int)host.len, host.s, colon);
	out->any = host.len == 0;
	if (out->any && *text == '[')
		return err_set(err, "the listen address has empty brackets: %s", examples);
	if (!span_copy(host, out->host, sizeof(out->host)))
		return err_set(err, "the host of the listen address is too long: %s", examples);
	return parse_port(span_of(colon + 1), out, err);
}

static int explain(struct err *err, const char *text, int error)
{
	switch (error) {
	case EADDRINUSE:
		return err_set(err,
		               "listen on %.80s: another program (perhaps another vedette) listens there; stop it, or "
		               "give another --web.listen-address",
		               text);
	case EACCES:
		return err_set(err, "listen on %.80s: not permitted; ports below 1024 need root: take a higher one",
		               text);
	case EADDRNOTAVAIL:
		return err_set(err, "listen on %.80s: this machine has no such address; 127.0.0.1:19100 always works",
		               text);
	default: errno = error; return err_errno(err, "listen on %.80s", text);
	}
}

static bool is_loopback(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)sa)->sin_addr.s_addr) >> 24 == 127;
	if (sa->sa_family == AF_INET6) {
		const struct in6_addr *a = &((const struct sockaddr_in6 *)sa)->sin6_addr;

		return IN6_IS_ADDR_LOOPBACK(a) || (IN6_IS_ADDR_V4MAPPED(a) && a->s6_addr[12] == 127);
	}
	return sa->sa_family == AF_UNIX;
}

bool listen_is_open(const struct listen_address *a)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, a->host, &v4.sin_addr) == 1)
		return !is_loopback((const struct sockaddr *)&v4);
	if (inet_pton(AF_INET6, a->host, &v6.sin6_addr) == 1)
		return !is_loopback((const struct sockaddr *)&v6);
	return a->any;
}

static int bind_to(const struct sockaddr *sa, socklen_t len, struct listener *out)
{
	int on = 1, off = 0, error;

	out->fd = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (out->fd < 0)
		return errno;
	if (sa->sa_family == AF_INET6)
		setsockopt(out->fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (sa->sa_family == AF_UNIX)
		fchmod(out->fd, SOCKET_MODE); /* the file is made with this mode, so that no moment leaves it open */
	else
		setsockopt(out->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (!bind(out->fd, sa, len))
		return 0;
	error = errno;
	close(out->fd);
	out->fd = -1;
	return error;
}

static void remember_address(struct listener *l)
{
	struct sockaddr_storage sa = {0};
	socklen_t len = sizeof(sa);
	char host[NI_MAXHOST], port[NI_MAXSERV];

	getsockname(l->fd, (struct sockaddr *)&sa, &len);
	l->local = is_loopback((struct sockaddr *)&sa);
	if (getnameinfo((struct sockaddr *)&sa, len, host, sizeof(host), port, sizeof(port),
	                NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return;
	l->port = (uint16_t)strtoul(port, NULL, 10);
	snprintf(l->text, sizeof(l->text), strchr(host, ':') ? "[%.250s]:%.5s" : "%.250s:%.5s", host, port);
}

static void free_addresses(struct addrinfo **list)
{
	if (*list)
		freeaddrinfo(*list);
}

/* The first address of the family that can be bound. */
static int bind_first(const struct addrinfo *list, int family, struct listener *out)
{
	int error = EAFNOSUPPORT;

	for (; list; list = list->ai_next) {
		error = list->ai_family == family ? bind_to(list->ai_addr, list->ai_addrlen, out) : error;
		if (!error)
			return 0;
	}
	return error;
}

static int open_tcp(const char *text, const struct listen_address *address, struct listener *out, struct err *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo CLEANUP(free_addresses) *list = NULL;
	int rc, error = 0;

	if (address->any)
		hints.ai_family = AF_INET6; /* takes IPv4 as well */
	rc = getaddrinfo(address->any ? NULL : address->host, address->port, &hints, &list);
	if (rc)
		return err_set(err, "listen on %.80s: %s", text, gai_strerror(rc));
	error = bind_first(list, AF_INET, out); /* what people mean by localhost */
	if (error) {
		int other = bind_first(list, AF_INET6, out);

		error = other == EAFNOSUPPORT ? error : other;
	}
	if (address->any && error == EAFNOSUPPORT) {
		struct sockaddr_in any = {.sin_family = AF_INET};

		any.sin_port = htons((uint16_t)strtoul(address->port, NULL, 10));
		error = bind_to((const struct sockaddr *)&any, sizeof(any), out);
	}
	return error ? explain(err, text, error) : 0;
}

/* Nobody behind it any more: it is left over from a process that was killed. */
static bool is_stale(const struct sockaddr_un *sa)
{
	int CLEANUP_FD fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd >= 0 && connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) < 0 && errno == ECONNREFUSED;
}

static int open_unix(const char *text, const struct listen_address *address, struct listener *out, struct err *err)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	struct stat st;
	int error;

	memcpy(sa.sun_path, address->path, sizeof(sa.sun_path));
	if (!lstat(address->path, &st)) {
		if (!S_ISSOCK(st.st_mode))
			return err_set(err, "listen on %.80s: a file that is no socket is in the way; remove it", text);
		if (!is_stale(&sa))
			return explain(err, text, EADDRINUSE);
		unlink(address->path);
	}
	error = bind_to((const struct sockaddr *)&sa, sizeof(sa), out);
	if (error == EACCES || error == ENOENT) {
		errno = error;
		return err_errno(err, "listen on %.80s: the socket's directory must exist and be writable for us",
		                 text);
	}
	if (error)
		return explain(err, text, error);
	if (chmod(address->path, SOCKET_MODE) < 0 || lstat(address->path, &st) < 0)
		return err_errno(err, "listen on %.80s", text);
	memcpy(out->path, address->path, sizeof(out->path));
	out->dev = st.st_dev;
	out->inode = st.st_ino;
	out->local = true;
	snprintf(out->text, sizeof(out->text), "unix:%s", address->path);
	return 0;
}

int listen_open(const char *text, struct listener *out, struct err *err)
{
	struct listen_address address;

	*out = (struct listener){.fd = -1};
	if (listen_parse(text, &address, err) < 0)
		return -1;
	if (address.path[0])
		return open_unix(text, &address, out, err);
	if (open_tcp(text, &address, out, err) < 0)
		return -1;
	remember_address(out);
	return 0;
}

int listen_start(struct listener *l, struct err *err)
{
	return listen(l->fd, BACKLOG) < 0 ? explain(err, l->text, errno) : 0;
}

void listen_close(struct listener *l)
{
	struct stat st;

	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	if (l->path[0] && !lstat(l->path, &st) && st.st_dev == l->dev && st.st_ino == l->inode)
		unlink(l->path);
	l->path[0] = '\0';
}
