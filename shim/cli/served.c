/* SPDX-License-Identifier: MIT */
/* served: one document over HTTP; see served.h. */
#include "cli/served.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/alone.h"
#include "cli/cli.h"
#include "cli/microhttpd.h"
#include "cli/where.h"
#include "core/clock.h"

#define AT_ONCE 64	  /* connections */
#define PATIENCE_S 10	  /* with one that says nothing */
#define SLOWEST_S 15	  /* for a request and its answer, dripping or not */
#define IDLE_MS 5000	  /* between two looks, where nothing happens */
#define REQUEST_MOST 8192 /* bytes of a request's head */

/*
 * No threads: one request is answered after the other, the bytes go out as each peer
 * takes them. Who asks while a document is young gets that one: it is used for as long
 * as its making took, so that no crowd of askers keeps more than half a processor busy.
 */
struct peer {
	int fd; /* -1: none */
	uint64_t since_us;
};

struct server {
	const struct served *what;
	const struct microhttpd *mhd;
	struct MHD_Daemon *daemon;
	struct MHD_Response *last; /* NULL: none that may be given once more */
	unsigned int last_status;
	uint64_t until_us;
	struct peer peer[AT_ONCE];
};

/* --- answers ---------------------------------------------------------------------- */

static struct MHD_Response *respond(const struct server *s, const char *type,
				    const char *text, size_t n)
{
	struct MHD_Response *r = s->mhd->MHD_create_response_from_buffer(
		n, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);

	if (r)
		s->mhd->MHD_add_response_header(r, "Content-Type", type);
	return r;
}

static struct MHD_Response *say(const struct server *s, const char *sentence)
{
	char *text;
	int n = asprintf(&text, "%s\n", sentence);
	struct MHD_Response *r;

	if (n < 0)
		return NULL;
	r = respond(s, "text/plain; charset=utf-8", text, (size_t)n);
	free(text);
	return r;
}

static void forget(struct server *s)
{
	if (s->last)
		s->mhd->MHD_destroy_response(s->last); /* who still reads it keeps it */
	s->last = NULL;
}

static void make(struct server *s)
{
	uint64_t began = clock_now_us(), now;
	const char *why = "there is no memory";
	size_t n;
	char *text = s->what->make(s->what->with, &n, &why);

	forget(s);
	s->last = text ? respond(s, s->what->type, text, n) : say(s, why);
	s->last_status = text ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
	free(text);
	now = clock_now_us();
	s->until_us = now + (now - began);
}

static enum MHD_Result give_document(struct server *s, struct MHD_Connection *to)
{
	if (!s->last || clock_now_us() >= s->until_us)
		make(s);
	return s->last ? s->mhd->MHD_queue_response(to, s->last_status, s->last)
		       : MHD_NO;
}

static enum MHD_Result refuse(struct server *s, struct MHD_Connection *to,
			      unsigned int status, const char *sentence)
{
	struct MHD_Response *r = say(s, sentence);
	enum MHD_Result done;

	if (!r)
		return MHD_NO;
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		s->mhd->MHD_add_response_header(r, "Allow", "GET, HEAD");
	done = s->mhd->MHD_queue_response(to, status, r);
	s->mhd->MHD_destroy_response(r);
	return done;
}

/* What a request carries besides is never read: it is refused before. */
static enum MHD_Result answer(void *with, struct MHD_Connection *to, const char *url,
			      const char *method, const char *version,
			      const char *upload, size_t *upload_n, void **begun)
{
	struct server *s = with;

	(void)version;
	(void)upload;
	if (strcmp(method, "GET") && strcmp(method, "HEAD"))
		return refuse(s, to, MHD_HTTP_METHOD_NOT_ALLOWED,
			      "only GET and HEAD are answered here");
	if (*upload_n) {
		*upload_n = 0;
		return MHD_YES;
	}
	if (!*begun) { /* the head is there; it is answered when all of it is */
		*begun = s;
		return MHD_YES;
	}
	if (strcmp(url, s->what->path))
		return refuse(s, to, MHD_HTTP_NOT_FOUND,
			      "nothing is here: the metrics are at /metrics");
	return give_document(s, to);
}

/* --- who takes too long ----------------------------------------------------------- */

static void note_peer(void *with, struct MHD_Connection *c, void **peer,
		      enum MHD_ConnectionNotificationCode what)
{
	struct server *s = with;
	struct peer *p = *peer;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED && p)
		p->fd = -1;
	for (p = s->peer; what == MHD_CONNECTION_NOTIFY_STARTED; p++) {
		if (p == s->peer + AT_ONCE)
			return;
		if (p->fd >= 0)
			continue;
		p->fd = s->mhd->MHD_get_connection_info(
				      c, MHD_CONNECTION_INFO_CONNECTION_FD)
				->connect_fd;
		p->since_us = clock_now_us();
		*peer = p;
		return;
	}
}

static void note_answered(void *with, struct MHD_Connection *c, void **begun,
			  enum MHD_RequestTerminationCode how)
{
	struct server *s = with;
	struct peer *p = s->mhd->MHD_get_connection_info(
				       c, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
				 ->socket_context;

	(void)begun;
	(void)how;
	if (p)
		p->since_us = clock_now_us();
}

/* A byte now and then is no silence: a few who do that would hold all places. */
static void hurry(const struct server *s)
{
	uint64_t now = clock_now_us();

	for (const struct peer *p = s->peer; p < s->peer + AT_ONCE; p++)
		if (p->fd >= 0 && now - p->since_us > SLOWEST_S * UINT64_C(1000000))
			shutdown(p->fd, SHUT_RDWR);
}

/* --- where ------------------------------------------------------------------------ */

/* A descriptor, or negative errno. */
static int listen_at(const struct addr *at, struct addr *ret_at)
{
	struct sockaddr_storage a;
	socklen_t n = where_socket(at, &a);
	int fd = socket(a.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int yes = 1, err;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, (struct sockaddr *)&a, n) < 0 || listen(fd, AT_ONCE) < 0) {
		err = errno;
		close(fd);
		return -err;
	}
	n = sizeof(a);
	if (getsockname(fd, (struct sockaddr *)&a, &n) < 0 || !addr_read(&a, n, ret_at))
		*ret_at = *at;
	return fd;
}

/* --- until a signal --------------------------------------------------------------- */

static int open_signals(void)
{
	sigset_t ends;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	return signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void loop(struct server *s, int signals)
{
	const union MHD_DaemonInfo *info = s->mhd->MHD_get_daemon_info(
		s->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	struct pollfd p[] = { { signals, POLLIN, 0 }, { info->epoll_fd, POLLIN, 0 } };

	for (;;) {
		MHD_UNSIGNED_LONG_LONG ms;
		bool due = s->mhd->MHD_get_timeout(s->daemon, &ms) == MHD_YES;

		if (poll(p, 2, due && ms < IDLE_MS ? (int)ms : IDLE_MS) < 0 &&
		    errno != EINTR)
			return;
		if (p[0].revents)
			return;
		hurry(s);
		s->mhd->MHD_run(s->daemon);
		/* the first may have closed what was too much: this one listens again
		 */
		s->mhd->MHD_run(s->daemon);
	}
}

static struct MHD_Daemon *start(struct server *s, int fd)
{
	return s->mhd->MHD_start_daemon(
		MHD_USE_EPOLL, 0, NULL, NULL, answer, s, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned int)AT_ONCE,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)PATIENCE_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)(2 * REQUEST_MOST),
		MHD_OPTION_NOTIFY_CONNECTION, note_peer, s, MHD_OPTION_NOTIFY_COMPLETED,
		note_answered, s, MHD_OPTION_END);
}

int served_run(const struct served *what, const struct addr *at,
	       void (*ready)(const struct addr *at))
{
	struct server s = { .what = what, .mhd = microhttpd_get() };
	struct addr here;
	int fd, signals = -1;
	TEXT(place, 64);

	for (int i = 0; i < AT_ONCE; i++)
		s.peer[i].fd = -1;
	addr_print(&place, at);
	if (!s.mhd) {
		say_error("%s, nothing can be served: %suse 'tfo metrics --write FILE'",
			  alone_is() ? "a static tfo loads no libmicrohttpd"
				     : "libmicrohttpd is not installed",
			  alone_is() ? "" : "install it, or ");
		return STATUS_SELF;
	}
	fd = listen_at(at, &here);
	if (fd >= 0) {
		signals = open_signals();
		s.daemon = start(&s, fd);
	}
	if (!s.daemon || signals < 0) {
		say_error("nothing can be served at %s: %s", place.at,
			  strerror(fd < 0 ? -fd : errno));
		return STATUS_SELF;
	}
	ready(&here);
	loop(&s, signals);
	forget(&s);
	s.mhd->MHD_stop_daemon(s.daemon); /* closes fd */
	return STATUS_OK;
}
