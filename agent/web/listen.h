/* The socket that the agent listens on: "127.0.0.1:19100", "[::1]:19100", ":19100", "localhost:0" or
 * "unix:/run/vedette.sock".
 *
 * Opened and closed by the main thread. A Unix socket is removed at the end, where it is still ours. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/un.h>

#include "base/err.h"

struct listen_address {
	bool any;                                               /* no host given: all addresses of the machine */
	char host[256];                                         /* name or number, without brackets */
	char port[6];                                           /* "0": any free one */
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* of a Unix socket; "": TCP */
};

struct listener {
	int fd;
	bool local;     /* nobody beyond this machine can reach it */
	uint16_t port;  /* the one in use; 0: a Unix socket */
	char text[288]; /* as it is: "127.0.0.1:19100" */
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	dev_t dev;
	ino_t inode;
};

MUST_CHECK int listen_parse(const char *text, struct listen_address *out, struct err *err);

/* Whether the address is surely one that other machines can reach; a name is not looked up. */
bool listen_is_open(const struct listen_address *a);

/* Binds but does not listen yet: whoever calls it may still refuse. The error says how to mend it. */
MUST_CHECK int listen_open(const char *text, struct listener *out, struct err *err);
MUST_CHECK int listen_start(struct listener *l, struct err *err);

/* Removes the socket's file; the descriptor is closed by whoever took it, or here when fd >= 0. */
void listen_close(struct listener *l);
