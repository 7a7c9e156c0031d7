/* SPDX-License-Identifier: MIT */
/* first: the first write on a deferred connection; see first.h. */
#include "preload/first.h"

#include <errno.h>
#include <poll.h>
#include <sys/time.h>
#include <sys/uio.h>

#include "core/clock.h"
#include "core/payload.h"
#include "core/sys.h"
#include "preload/client.h"
#include "preload/debt.h"
#include "preload/epoll.h"
#include "preload/kernel.h"
#include "preload/learn.h"
#include "preload/retry.h"
#include "preload/revive.h"
#include "preload/thread.h"
#include "preload/watch.h"

#define IOV_MAX_KERNEL 1024

/* What may ride in this connection's SYN. */
static enum payload_rule rule_of(struct slot *s)
{
	return (enum payload_rule)s->payload;
}

#define LENGTH_MOST 0x7ffff000 /* Linux's MAX_RW_COUNT */

/* SIZE_MAX where a length is none. */
static size_t total_of(const struct msghdr *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->msg_iovlen; i++) {
		if (m->msg_iov[i].iov_len > LENGTH_MOST)
			return SIZE_MAX;
		n += m->msg_iov[i].iov_len;
	}
	return n;
}

/*
 * What lies behind the bytes that are judged ends where memory is: else the kernel, who
 * sees all of it, refuses all of it.
 */
static bool is_sound_behind(const struct msghdr *m, size_t total)
{
	size_t seen = 0;

	if (total == SIZE_MAX)
		return false;
	for (size_t i = 0; i < m->msg_iovlen && total > PAYLOAD_BYTES; i++) {
		const struct iovec *v = &m->msg_iov[i];

		seen += v->iov_len;
		if (seen > PAYLOAD_BYTES && v->iov_len &&
		    !sys_readable((char *)v->iov_base + v->iov_len - 1, 1))
			return false;
	}
	return true;
}

/*
 * The first bytes, as many as are judged, where they are in one piece, else piece by
 * piece into the buffer, if there is one.  false: not in one piece, or not readable;
 * then the plain way says what it always said.
 */
static bool first_bytes(const struct msghdr *m, char *buffer, struct iovec *ret)
{
	size_t left = PAYLOAD_BYTES;

	ret->iov_len = 0;
	for (size_t i = 0; i < m->msg_iovlen && left; i++) {
		const struct iovec *v = &m->msg_iov[i];
		size_t n = v->iov_len < left ? v->iov_len : left;

		if (!n)
			continue;
		if ((!buffer && ret->iov_len) || !sys_readable(v->iov_base, n))
			return false;
		ret->iov_base = buffer ? buffer : v->iov_base;
		if (buffer)
			__builtin_memcpy(buffer + ret->iov_len, v->iov_base, n);
		ret->iov_len += n;
		left -= n;
	}
	return true;
}

/*
 * The plain way: the SYN goes alone, and who was told that he is connected does not get
 * EAGAIN (many never try their first write again).
 */
static bool hold_back(int fd, int flags)
{
	debt_pay();
	debt_force(fd, !(flags & MSG_DONTWAIT));
	return false;
}

/* The address of a connected socket's write is checked, and then ignored (tcp(7)). */
static bool is_name_good(const struct msghdr *m)
{
	return !m->msg_name || !m->msg_namelen ||
	       (m->msg_namelen <= sizeof(struct sockaddr_storage) &&
		sys_readable(m->msg_name, m->msg_namelen));
}

/* The rest of a blocking write, after the handshake; what was sent already counts. */
static ssize_t send_rest(int fd, const struct msghdr *m, int flags, size_t sent)
{
	size_t skip = sent;
	int was = real_errno();

	for (size_t i = 0; i < m->msg_iovlen; i++) {
		const struct iovec *v = &m->msg_iov[i];
		ssize_t n;

		if (skip >= v->iov_len) {
			skip -= v->iov_len;
			continue;
		}
		n = REAL(send)(fd, (char *)v->iov_base + skip, v->iov_len - skip,
			       flags);
		if (n > 0)
			sent += (size_t)n;
		if (n != (ssize_t)(v->iov_len - skip))
			break;
		skip = 0;
	}
	real_set_errno(was);
	return (ssize_t)sent;
}

/* SO_SNDTIMEO was meant for a connection that stands: it gets a second to stand up. */
static int send_timeout_ms(int fd)
{
	struct timeval t = { 0, 0 };
	socklen_t len = sizeof(t);

	if (sys_getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, &len) ||
	    (!t.tv_sec && !t.tv_usec) || t.tv_sec > 1000000)
		return -1;
	return t.tv_sec < 1 ? 1000 : (int)(t.tv_sec * 1000 + t.tv_usec / 1000);
}

/*
 * Like poll, but a cancelled thread only notices after UNCANCELLED_MS: it is told first
 * that its bytes were taken.
 */
#define UNCANCELLED_MS 1000

static int poll_writable(int fd, int timeout_ms, bool cancelled)
{
	struct timespec t = { timeout_ms / 1000, timeout_ms % 1000 * 1000000L };
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int was = real_errno(), r;

	if (!cancelled)
		return sys_poll1(fd, POLLOUT, timeout_ms, NULL);
	r = REAL(ppoll)(&p, 1, timeout_ms < 0 ? NULL : &t, NULL);
	if (r < 0)
		r = -real_errno();
	real_set_errno(was);
	return r;
}

/* Until the connection stands, or has failed for good. */
static int wait_writable(int fd, struct slot *s, int timeout_ms)
{
	int slice = UNCANCELLED_MS, left = timeout_ms, r;
	bool owed;

	do {
		bool again = slice != UNCANCELLED_MS;

		if (again && !kept_find(s->cookie))
			slice = left;
		if (left >= 0 && (slice < 0 || slice > left))
			slice = left;
		r = poll_writable(fd, slice, again);
		owed = revive_step(fd, s);
		if (r == 0) {
			learn_silence(clock_now_us());
			left -= left > 0 ? slice : 0;
			slice = REVIVE_LOOK_MS;
		}
	} while (r >= 0 && left != 0 && (r == 0 || owed));
	return r;
}

/*
 * The end of the handshake; -EINTR: a signal, or SO_SNDTIMEO.  Only a connection that
 * never was is asked for its error by a real connect(): after an answer and a reset at
 * its heels, connect() would report the reset and throw the answer away.
 */
static int wait_handshake(int fd, struct slot *s)
{
	int r = wait_writable(fd, s, send_timeout_ms(fd));
	struct tcp_facts f;

	if (r <= 0)
		return r < 0 && r != -EINTR ? 0 : -EINTR;
	r = retry_before(fd, RETRY_ASKS);
	if (r)
		return r;
	if (outcome_facts(fd, &f) || !f.closed || f.bytes_received || f.bytes_acked) {
		slot_mark(fd, MARK_SAID);
		return 0;
	}
	return client_wait_connected(fd);
}

/* The SYN took n bytes: a blocking write waits for the truth about the connection. */
static ssize_t after_syn(int fd, struct slot *s, const struct msghdr *m, int flags,
			 ssize_t n, size_t total)
{
	int r;

	thread_self.rode_us = clock_now_us();
	/* a program that never waited for this connection need not now */
	if ((size_t)n == total && (flags & MSG_DONTWAIT || !slot_has(s, SLOT_BLOCKING)))
		return n;
	if (flags & MSG_DONTWAIT || !sys_blocks(fd)) {
		/* within this host the handshake is a matter of microseconds */
		if (addr_is_loopback(&s->to))
			kernel_wait_handshake(fd, 2);
		return send_rest(fd, m, flags | MSG_DONTWAIT, (size_t)n);
	}
	debt_pay(); /* what else this thread holds back */
	r = wait_handshake(fd, s);
	if (r == -EINTR)
		return n; /* as a plain write: the bytes are under way */
	if (r) {
		learn_ended(fd, s, r);
		return r;
	}
	slot_move_all(fd, SLOT_OPENING, SLOT_WATCHED);
	return (size_t)n < total ? send_rest(fd, m, flags, (size_t)n) : n;
}

/*
 * A Fast Open send of what was judged and of nothing more, though with jumbo frames the
 * SYN has room for it; and of what is kept, should it be lost.  But within a host no
 * wire loses or delivers twice, and a large write may be known to its reader as one
 * piece.
 */
static long ride(int fd, struct slot *s, const struct msghdr *m, struct iovec *judged,
		 int flags)
{
	enum payload_rule rule = rule_of(s);
	bool here = kernel_is_own_host(fd, &s->to);
	struct msghdr one = *m;
	struct kept *k = NULL;
	long n;

	if (!payload_may_ride(rule, judged->iov_base, judged->iov_len)) {
		s->reason = REASON_payload;
		return -EPERM;
	}
	one.msg_name = NULL; /* the kernel would look at it after the SYN has left */
	one.msg_namelen = 0;
	if (!here || (rule != PAYLOAD_ANY && judged->iov_len < PAYLOAD_BYTES)) {
		one.msg_iov = judged;
		one.msg_iovlen = 1;
	}
	thread_test_cancel(); /* a write is a cancellation point before it writes */
	if (!here) {
		k = kept_take(s->cookie, fd, judged->iov_base, judged->iov_len);
		if (!k) /* nothing rides uninsured */
			return -ENOBUFS;
		k->thread = thread_id();
	}
	n = sys3(SYS_sendmsg, fd, &one, flags | MSG_FASTOPEN | MSG_DONTWAIT);
	if (k)
		kept_rode(k, s->cookie, n > 0 ? (size_t)n : 0);
	return n;
}

/* The same for what the program has in pieces; its own frame, signal stacks are small.
 */
static __attribute__((noinline)) long ride_gathered(int fd, struct slot *s,
						    const struct msghdr *m, int flags)
{
	char bytes[PAYLOAD_BYTES];
	struct iovec v;

	if (first_bytes(m, bytes, &v))
		return ride(fd, s, m, &v, flags);
	s->reason = REASON_payload;
	return -EFAULT;
}

bool first_write(int fd, const struct msghdr *m, int flags, ssize_t *ret)
{
	struct slot *s = slot_of(fd);
	struct iovec v;
	size_t total;
	long n;

	if (!s || slot_state(fd) != SLOT_DEFERRED)
		return hold_back(fd, flags); /* another thread was faster */
	total = total_of(m);
	if (total == 0 && !m->msg_controllen) {
		*ret = 0; /* nothing to write: nothing leaves */
		return true;
	}
	if (flags & MSG_FASTOPEN && slot_has(s, SLOT_TOLD)) {
		*ret = -EISCONN; /* its own Fast Open comes too late, as it was told */
		return true;
	}
	watch_writes(s, fd);
	if (flags & (MSG_OOB | MSG_FASTOPEN | MSG_ZEROCOPY) || m->msg_controllen ||
	    !is_name_good(m) || !is_sound_behind(m, total) || epoll_in_several(fd)) {
		s->reason = REASON_payload;
		return hold_back(fd, flags);
	}
	n = first_bytes(m, NULL, &v) ? ride(fd, s, m, &v, flags)
				     : ride_gathered(fd, s, m, flags);
	if (n < 0) /* may not, no cookie any more, or another was faster */
		return hold_back(fd, flags);
	slot_rode_all(fd, (size_t)n);
	slot_flag_all(fd, SLOT_TOLD); /* who could send is connected */
	slot_move_all(fd, SLOT_DEFERRED, SLOT_OPENING);
	thread_paid(fd);
	*ret = after_syn(fd, s, m, flags, n, total);
	return true;
}

bool first_message(int fd, const struct msghdr *m, int flags, ssize_t *ret)
{
	struct msghdr copy;

	if (slot_state(fd) != SLOT_DEFERRED || !sys_readable(m, sizeof(*m)))
		return hold_back(fd, flags);
	copy = *m;
	if (real_is_musl()) {
		copy.msg_iovlen = (unsigned int)copy.msg_iovlen;
		copy.msg_controllen = (unsigned int)copy.msg_controllen;
	}
	if (copy.msg_iovlen > IOV_MAX_KERNEL ||
	    (copy.msg_iovlen &&
	     !sys_readable(copy.msg_iov, copy.msg_iovlen * sizeof(struct iovec))))
		return hold_back(fd, flags);
	return first_write(fd, &copy, flags, ret);
}
