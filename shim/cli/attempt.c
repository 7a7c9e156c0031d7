/* SPDX-License-Identifier: MIT */
/* attempt: one connection, and how it went; see attempt.h. */
#include "cli/attempt.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "cli/patience.h"
#include "cli/where.h"
#include "core/clock.h"
#include "core/sys.h"

/*
 * What decides about Fast Open is asked of the kernel, past whatever stands in front of
 * libc: under the shim itself, by /etc/ld.so.preload say, plain ones shall be plain.
 */

#define LOOK_US 100000	   /* so often TCP_INFO is asked how it fares */
#define FAREWELL_US 200000 /* so long the rest of an answer is taken */
#define HOPELESS 2	   /* SYNs or data sent again, and nothing has come back */

struct under_way {
	const struct attempt_order *order;
	struct attempt *it;
	int fd;
	uint64_t begun_us, open_us;
	bool has_ended;
};

static void end(struct under_way *u, enum attempt_end how, int error)
{
	u->it->end = how;
	u->it->error = error;
	u->has_ended = true;
}

static uint32_t since(const struct under_way *u)
{
	uint64_t us = clock_now_us() - u->begun_us;

	return us ? (uint32_t)us : 1;
}

/* --- the way out ----------------------------------------------------------------- */

/* The SYN, with what may ride in it; see tfoshim(7) on what the kernel held back. */
static void open_early(struct under_way *u)
{
	size_t n = u->it->kind == ATTEMPT_FAST ? u->order->n : 0;
	long sent = sys_sendto(u->fd, u->order->bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (sent > 0)
		u->it->rode = (size_t)sent;
	else if (sent < 0 && sent != -EINPROGRESS && sent != -EAGAIN)
		end(u, ATTEMPT_FAILED, (int)-sent);
	/* a cookie that is gone meanwhile is asked for by this SYN */
	u->it->opened = sent > 0 || !n;
}

static bool is_held_back(int fd)
{
	struct tcp_facts f;

	return !outcome_facts(fd, &f) && f.nothing_sent;
}

static int prepare(struct under_way *u, int family)
{
	const int kind = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, on = 1;
	int fd = (int)sys3(SYS_socket, family, kind, 0);

	u->fd = fd;
	if (fd < 0 || u->it->kind == ATTEMPT_PLAIN)
		return fd < 0 ? fd : 0;
	return sys_setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof(on));
}

static void begin(struct under_way *u)
{
	struct sockaddr_storage to;
	socklen_t len = where_socket(&u->order->to, &to);
	int err = prepare(u, to.ss_family);

	u->it->begun_cs = clock_today_cs();
	u->begun_us = clock_now_us();
	if (!err)
		err = (int)sys3(SYS_connect, u->fd, &to, len);
	if (err && err != -EINPROGRESS)
		end(u, ATTEMPT_FAILED, -err);
	else if (!err && u->it->kind != ATTEMPT_PLAIN && is_held_back(u->fd))
		open_early(u);
}

/* --- what comes back ------------------------------------------------------------- */

/* The handshake is over; what did not ride is sent. */
static void note_open(struct under_way *u)
{
	const char *rest = (const char *)u->order->bytes + u->it->rode;
	size_t n = u->order->n - u->it->rode;
	long sent = 0;

	u->it->handshake_us = since(u);
	u->open_us = clock_now_us();
	if (n)
		sent = sys_sendto(u->fd, rest, n, MSG_NOSIGNAL);
	if (sent < 0)
		end(u, ATTEMPT_FAILED, (int)-sent);
}

static void note_answer(struct under_way *u)
{
	uint32_t us = since(u);
	char byte;
	ssize_t n = recv(u->fd, &byte, 1, MSG_PEEK);

	if (n > 0) {
		u->it->first_byte_us = us;
		end(u, ATTEMPT_ANSWERED, 0);
	} else if (!n) {
		end(u, ATTEMPT_CLOSED, 0);
	} else if (errno != EAGAIN) {
		end(u, ATTEMPT_FAILED, errno);
	}
}

static void note(struct under_way *u, short events)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (events & POLLERR)
		getsockopt(u->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error) {
		end(u, ATTEMPT_FAILED, error);
		return;
	}
	if (!u->open_us && events & (POLLIN | POLLOUT | POLLHUP))
		note_open(u);
	if (u->open_us && !u->has_ended && events & (POLLIN | POLLHUP))
		note_answer(u);
	if (u->open_us && !u->has_ended && !u->order->answer_us)
		end(u, ATTEMPT_OPENED, 0);
}

/*
 * A connection with Fast Open that has lost that much is given up: after one more the
 * kernel might hold all paths for black holes, and pause Fast Open for everybody here.
 */
static bool is_hopeless(const struct under_way *u)
{
	struct tcp_facts f;

	return u->it->kind != ATTEMPT_PLAIN && !outcome_facts(u->fd, &f) &&
	       f.retransmits >= HOPELESS && !f.bytes_received;
}

static uint64_t deadline(const struct under_way *u)
{
	uint64_t answer = u->open_us + u->order->answer_us;

	return u->open_us && answer < u->order->until_us ? answer : u->order->until_us;
}

static void wait_for(struct under_way *u)
{
	short wanted = u->open_us ? POLLIN : POLLIN | POLLOUT, events;
	uint64_t look = clock_now_us() + LOOK_US, until = deadline(u);

	events = patience_wait(u->fd, wanted, look < until ? look : until);
	if (patience_is_over())
		end(u, ATTEMPT_STOPPED, 0);
	else if (events)
		note(u, events);
	else if (is_hopeless(u))
		end(u, ATTEMPT_LOST, ETIMEDOUT);
	else if (clock_now_us() >= until)
		end(u, u->open_us ? ATTEMPT_MUTE : ATTEMPT_LOST,
		    u->open_us ? 0 : ETIMEDOUT);
}

/* --- the end --------------------------------------------------------------------- */

/* Closed with bytes unread it would end by a reset: that is no way to leave. */
static void take_leave(struct under_way *u)
{
	uint64_t until = clock_now_us() + FAREWELL_US;
	char rest[4096];

	shutdown(u->fd, SHUT_WR);
	while (patience_wait(u->fd, POLLIN, until) & (POLLIN | POLLHUP))
		if (recv(u->fd, rest, sizeof(rest), 0) <= 0)
			break;
}

static void look(struct under_way *u)
{
	struct attempt *it = u->it;

	if (outcome_facts(u->fd, &it->facts))
		return;
	if (it->kind != ATTEMPT_PLAIN)
		it->outcome = outcome_of(&it->facts, it->opened, it->rode > 0);
	it->syn_again = it->facts.retransmits && !it->facts.bytes_again;
}

void attempt_make(const struct attempt_order *order, struct attempt *ret)
{
	struct under_way u = { .order = order, .it = ret };

	*ret = (struct attempt){ .kind = order->kind, .outcome = OUTCOME_plain };
	begin(&u);
	while (!u.has_ended)
		wait_for(&u);
	if (u.fd < 0)
		return;
	look(&u);
	if (ret->end == ATTEMPT_ANSWERED)
		take_leave(&u);
	sys_close(u.fd);
}
