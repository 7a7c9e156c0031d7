/* SPDX-License-Identifier: MIT */
/* hooks: sockets and descriptors. */
#undef _FORTIFY_SOURCE /* else a fortified header's inline `read` takes ours away */
#pragma GCC visibility push(default)
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

ssize_t __read_chk(int fd, void *buf, size_t n, size_t room);
ssize_t __recv_chk(int fd, void *buf, size_t n, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *buf, size_t n, size_t room, int flags,
		       struct sockaddr *from, socklen_t *len);
int __vdprintf_chk(int fd, int flag, const char *format, va_list args);
int __dprintf_chk(int fd, int flag, const char *format, ...);
int close_range(unsigned int first, unsigned int last, int flags);
void closefrom(int first);
int posix_close(int fd, int flags);
#pragma GCC visibility pop

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>

#include "core/sys.h"
#include "preload/death.h"
#include "preload/debt.h"
#include "preload/epoll.h"
#include "preload/first.h"
#include "preload/hooks.h"
#include "preload/kernel.h"
#include "preload/life.h"
#include "preload/listener.h"
#include "preload/pause.h"
#include "preload/retry.h"
#include "preload/sockopt.h"
#include "preload/unclosed.h"

#define CLOSE_RANGE_OWN_TABLE 2
#define CLOSE_RANGE_ONLY_CLOEXEC 4
#define ANY_LENGTH SIZE_MAX

/* --- birth ----------------------------------------------------------------------- */

static void born(int fd, bool alone)
{
	slot_born(fd);
	sockopt_born(fd);
	epoll_clear(fd);
	if (alone)
		slot_alone(fd);
}

/* So many are open that somebody should be told, or no more can be. */
static void crowded(bool many, int r)
{
	if (many || (r < 0 && real_errno() == EMFILE))
		unclosed_crowd();
}

static bool means_tcp(int family, int type, int protocol)
{
	return (family == AF_INET || family == AF_INET6) &&
	       (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) == SOCK_STREAM &&
	       (!protocol || protocol == IPPROTO_TCP);
}

int socket(int family, int type, int protocol)
{
	int fd = REAL(socket)(family, type, protocol);

	if (thread_is_vfork_child())
		return fd;
	if (fd >= 0)
		born(fd, true);
	if (fd >= 0 && means_tcp(family, type, protocol))
		slot_mark(fd, MARK_TCP);
	crowded(book_born(fd, LEDGER_SOCKET, family, STACK_HERE), fd);
	return fd;
}

int socketpair(int family, int type, int protocol, int fds[2])
{
	int r = REAL(socketpair)(family, type, protocol, fds);

	if (thread_is_vfork_child())
		return r;
	for (int i = 0; r == 0 && i < 2; i++) {
		born(fds[i], false);
		crowded(book_born(fds[i], LEDGER_PAIR, family, STACK_HERE), 0);
	}
	crowded(false, r);
	return r;
}

static void accepted(int listener, int fd, const void *here)
{
	if (thread_is_vfork_child())
		return;
	if (fd >= 0) {
		born(fd, false);
		sockopt_accepted(listener, fd);
	}
	crowded(book_born(fd, LEDGER_ACCEPT, AF_UNSPEC, here), fd);
}

/* This thread may owe a SYN to the very listener it asks. */
static bool ask_again(int r)
{
	return r < 0 && real_errno() == EAGAIN && !quiet() && debt_pay_here();
}

int accept(int fd, struct sockaddr *from, socklen_t *len)
{
	int r;

	listener_accepts(fd);
	if (!quiet() && !pause_on(fd, POLLIN, 0))
		return (int)answer(-EINTR);
	r = REAL(accept)(fd, from, len);
	if (ask_again(r))
		r = REAL(accept)(fd, from, len);
	accepted(fd, r, STACK_HERE);
	return r;
}

int accept4(int fd, struct sockaddr *from, socklen_t *len, int flags)
{
	int r;

	listener_accepts(fd);
	if (!quiet() && !pause_on(fd, POLLIN, 0))
		return (int)answer(-EINTR);
	r = REAL(accept4)(fd, from, len, flags);
	if (ask_again(r))
		r = REAL(accept4)(fd, from, len, flags);
	accepted(fd, r, STACK_HERE);
	return r;
}

int bind(int fd, const struct sockaddr *at, socklen_t len)
{
	if (!thread_is_vfork_child())
		listener_bound(fd, at, len);
	return REAL(bind)(fd, at, len);
}

int listen(int fd, int backlog)
{
	listener_opens(fd, backlog);
	return REAL(listen)(fd, backlog);
}

static int after_dup(int fd, int r, const void *here)
{
	if (thread_is_vfork_child())
		return r;
	if (r >= 0)
		death_shared(fd, r);
	crowded(r >= 0 && book_copied(fd, r, here), r);
	return r;
}

int dup(int fd)
{
	return after_dup(fd, REAL(dup)(fd), STACK_HERE);
}

static int after_fcntl(int fd, int command, int r, const void *here)
{
	if (command == F_DUPFD || command == F_DUPFD_CLOEXEC)
		return after_dup(fd, r, here);
	return r;
}

/* false: a signal came before it. */
static bool before_fcntl(int command)
{
	return (command != F_SETLKW && command != F_OFD_SETLKW) || quiet() ||
	       pause_before(LINGER_SETTLE_MS) != -EINTR;
}

int fcntl(int fd, int command, ...)
{
	va_list args;
	void *arg;

	va_start(args, command);
	arg = va_arg(args, void *);
	va_end(args);
	if (!before_fcntl(command))
		return (int)answer(-EINTR);
	return after_fcntl(fd, command, REAL(fcntl)(fd, command, arg), STACK_HERE);
}
SAME_AS(__fcntl, fcntl);

int fcntl64(int fd, int command, ...)
{
	va_list args;
	void *arg;

	va_start(args, command);
	arg = va_arg(args, void *);
	va_end(args);
	if (!before_fcntl(command))
		return (int)answer(-EINTR);
	return after_fcntl(fd, command, REAL(fcntl64)(fd, command, arg), STACK_HERE);
}

/* --- question -------------------------------------------------------------------- */

int connect(int fd, const struct sockaddr *to, socklen_t len)
{
	int r;

	if (thread_is_vfork_child())
		return REAL(connect)(fd, to, len);
	book_connected(fd);
	if (client_connect(fd, to, len, &r))
		return (int)answer(r);
	return REAL(connect)(fd, to, len);
}
SAME_AS(__connect, connect);

int getpeername(int fd, struct sockaddr *to, socklen_t *len)
{
	int r;

	do {
		if (!quiet() && slot_state(fd) != SLOT_PLAIN &&
		    client_getpeername(fd, to, len, &r))
			return (int)answer(r);
		r = REAL(getpeername)(fd, to, len);
	} while (r && kept_any() && retry_mended(fd, r));
	return r;
}

/* The options that we set, and a handshake that ends later, are not for the program. */
static void hide_ours(int fd, int name, void *value, socklen_t len)
{
	unsigned char *state = value;
	const int none = 0;

	if ((name == TCP_FASTOPEN || name == TCP_FASTOPEN_CONNECT) &&
	    slot_marked(fd, MARK_OURS))
		__builtin_memcpy(value, &none, len < sizeof(none) ? len : sizeof(none));
	if (name == TCP_INFO && len && *state == TCP_SYN_RECV && listener_any())
		*state = TCP_ESTABLISHED;
}

int getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	bool pending = !quiet() && slot_state(fd) != SLOT_PLAIN;
	int failed = 0, r;

	if (pending && kept_any() && level == SOL_SOCKET && name == SO_ERROR)
		failed = retry_before(fd, RETRY_ASKS);
	if (pending && level == IPPROTO_TCP && (name == TCP_INFO || name == TCP_MAXSEG))
		debt_settle(fd, DEBT_SETTLE_MS);
	r = REAL(getsockopt)(fd, level, name, value, len);
	if (r == 0 && level == IPPROTO_TCP)
		hide_ours(fd, name, value, *len);
	if (r == 0 && pending && level == SOL_SOCKET && name == SO_ERROR &&
	    *len >= sizeof(int)) {
		if (*(int *)value && kept_any() && retry_mended(fd, 0))
			*(int *)value = 0; /* it was not the last word */
		if (failed)
			*(int *)value = -failed;
		watch_told_error(fd, *(int *)value);
	}
	return r;
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	int r;

	if (!quiet() && ((level == IPPROTO_TCP && name == TCP_ULP) ||
			 (level == IPPROTO_IPV6 && name == IPV6_ADDRFORM)))
		debt_settle(fd, DEBT_SETTLE_MS); /* both want a connection */
	r = REAL(setsockopt)(fd, level, name, value, len);

	if (r == 0 && !thread_is_vfork_child())
		sockopt_own(fd, level, name);
	if (r == 0 && level == IPPROTO_TCP &&
	    (name == TCP_FASTOPEN || name == TCP_FASTOPEN_CONNECT)) {
		slot_mark(fd, MARK_OWN_TFO);
		slot_unmark(fd, MARK_OURS);
	}
	return r;
}

static enum retry_call writing(int flags)
{
	return flags & MSG_DONTWAIT ? RETRY_WRITES : RETRY_WRITES | RETRY_WAITS;
}

/*
 * Before a write of n bytes: it is the FIRST one on a connection that is held back, or
 * as PLAIN as any; or it is CUT off: by a signal while we waited, by an error.
 */
enum write_is { WRITE_PLAIN, WRITE_FIRST, WRITE_CUT };

static enum write_is before_write(int fd, size_t n, int flags, ssize_t *ret)
{
	struct slot *s = slot_noted(fd);

	if (s && slot_state(fd) == SLOT_DEFERRED)
		return WRITE_FIRST;
	*ret = -EINTR;
	if (!(flags & MSG_DONTWAIT) && !pause_on(fd, POLLOUT, n))
		return WRITE_CUT;
	if (kept_any() && (*ret = retry_before(fd, writing(flags))))
		return WRITE_CUT;
	if (s && slot_has(s, SLOT_SHUT)) {
		linger_settle(fd, 0, LINGER_END_MS);
		linger_reap();
	}
	if (s && !slot_has(s, SLOT_WROTE)) {
		watch_writes(s, fd);
		/* told it may write, but the SYN went alone */
		debt_force(fd, !(flags & MSG_DONTWAIT));
	}
	return WRITE_PLAIN;
}

static bool answered(enum write_is what, int fd, const struct msghdr *m, int flags,
		     ssize_t *ret)
{
	return what == WRITE_CUT ||
	       (what == WRITE_FIRST && first_write(fd, m, flags, ret));
}

static bool buffer_answered(int fd, const void *buf, size_t n, int flags, ssize_t *ret)
{
	struct iovec v = { (void *)buf, n };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	return answered(before_write(fd, n, flags, ret), fd, &m, flags, ret);
}

static bool message_answered(int fd, const struct msghdr *m, int flags, ssize_t *ret)
{
	enum write_is what = before_write(fd, ANY_LENGTH, flags, ret);

	if (what == WRITE_FIRST)
		return first_message(fd, m, flags, ret);
	return answered(what, fd, m, flags, ret);
}

/* A call that failed is made again if that was not the last word: see retry. */
#define AGAIN(fd, what, r, call) \
	do \
		r = call; \
	while (r <= 0 && kept_any() && retry_after(fd, what, r))

HOOKED_BUT(ssize_t, write, (int fd, const void *buf, size_t n), (fd, buf, n), calm(fd),
	   known_glance(fd, KNOWN_CLOSED))
{
	ssize_t r;

	if (quiet())
		return used(fd, REAL(write)(fd, buf, n), STACK_HERE);
	if (buffer_answered(fd, buf, n, 0, &r))
		return answer(r);
	AGAIN(fd, writing(0), r, REAL(write)(fd, buf, n));
	return used(fd, r, STACK_HERE);
}
SAME_AS(__write, write);

HOOKED_BUT(ssize_t, send, (int fd, const void *buf, size_t n, int flags),
	   (fd, buf, n, flags), calm(fd), known_glance(fd, KNOWN_CLOSED))
{
	ssize_t r;

	if (quiet())
		return used(fd, REAL(send)(fd, buf, n, flags), STACK_HERE);
	if (buffer_answered(fd, buf, n, flags, &r))
		return answer(r);
	AGAIN(fd, writing(flags), r, REAL(send)(fd, buf, n, flags));
	return used(fd, r, STACK_HERE);
}
SAME_AS(__send, send);

HOOKED_BUT(ssize_t, sendto,
	   (int fd, const void *buf, size_t n, int flags, const struct sockaddr *to,
	    socklen_t len),
	   (fd, buf, n, flags, to, len), calm(fd), known_glance(fd, KNOWN_CLOSED))
{
	struct iovec v = { (void *)buf, n };
	struct msghdr m = {
		.msg_name = (void *)to,
		.msg_namelen = len,
		.msg_iov = &v,
		.msg_iovlen = 1,
	};
	ssize_t r;

	if (quiet())
		return used(fd, REAL(sendto)(fd, buf, n, flags, to, len), STACK_HERE);
	if (answered(before_write(fd, n, flags, &r), fd, &m, flags, &r))
		return answer(r);
	AGAIN(fd, writing(flags), r, REAL(sendto)(fd, buf, n, flags, to, len));
	return used(fd, r, STACK_HERE);
}

HOOKED_BUT(ssize_t, writev, (int fd, const struct iovec *v, int n), (fd, v, n),
	   calm(fd), known_glance(fd, KNOWN_CLOSED))
{
	struct msghdr m = { .msg_iov = (struct iovec *)v, .msg_iovlen = (size_t)n };
	ssize_t r;

	if (quiet())
		return used(fd, REAL(writev)(fd, v, n), STACK_HERE);
	if (message_answered(fd, &m, 0, &r))
		return answer(r);
	AGAIN(fd, writing(0), r, REAL(writev)(fd, v, n));
	return used(fd, r, STACK_HERE);
}

/* A message may carry descriptors away (SCM_RIGHTS): then none of them may be held
 * back. */
static void leaves_by_message(int fd)
{
	int family = 0;
	socklen_t len = sizeof(family);

	if (!sys_getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len) &&
	    family == AF_UNIX)
		life_before_passing();
}

/* What has left with it has another holder, though nothing is connected yet. */
static ssize_t passed(ssize_t r, const struct msghdr *m)
{
	if (r >= 0 && m->msg_controllen && !thread_is_vfork_child())
		slot_none_alone();
	return r;
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	ssize_t r;

	if (quiet())
		return passed(used(fd, REAL(sendmsg)(fd, m, flags), STACK_HERE), m);
	leaves_by_message(fd);
	if (message_answered(fd, m, flags, &r))
		return answer(r);
	AGAIN(fd, writing(flags), r, REAL(sendmsg)(fd, m, flags));
	return used(fd, r, STACK_HERE);
}

int sendmmsg(int fd, struct mmsghdr *m, unsigned int n, int flags)
{
	ssize_t r;
	int more;

	if (quiet() || !n)
		return (int)used(fd, REAL(sendmmsg)(fd, m, n, flags), STACK_HERE);
	leaves_by_message(fd);
	if (!message_answered(fd, &m->msg_hdr, flags, &r)) {
		AGAIN(fd, writing(flags), more, REAL(sendmmsg)(fd, m, n, flags));
		return more;
	}
	if (r < 0)
		return (int)answer(r);
	if (sys_writable_int(fd, &m->msg_len))
		m->msg_len = (unsigned int)r;
	if (n == 1 || (slot_state(fd) == SLOT_OPENING && !sys_blocks(fd)))
		return 1;
	more = REAL(sendmmsg)(fd, m + 1, n - 1, flags);
	return more > 0 ? more + 1 : 1;
}

/* --- touch ----------------------------------------------------------------------- */

/*
 * What does not wait needs no SYN yet: the kernel says EAGAIN, as on any connection
 * where nothing has come, and the bytes that follow can still ride.  But who asks again
 * and again waits in his own way.
 */
static int before_read(int fd, bool waits)
{
	if (slot_state(fd) == SLOT_DEFERRED &&
	    ((waits && sys_blocks(fd)) || debt_is_overdue(fd)))
		debt_materialize(fd);
	if (waits && !pause_on(fd, POLLIN, 0))
		return -EINTR;
	return kept_any() ? retry_before(fd, waits ? RETRY_WAITS : RETRY_ASKS) : 0;
}

#define TOUCH_READ(fd, waits, call) \
	do { \
		if (quiet()) \
			return used_to_read(fd, call, STACK_HERE); \
		__typeof__(call) got = (__typeof__(call))before_read(fd, waits); \
		if (got) \
			return (__typeof__(call))answer(got); \
		AGAIN(fd, waits ? RETRY_WAITS : RETRY_ASKS, got, call); \
		return (__typeof__(call))heard(fd, used_to_read(fd, got, STACK_HERE)); \
	} while (0)

HOOKED_BUT(ssize_t, read, (int fd, void *buf, size_t n), (fd, buf, n), calm_to_read(fd),
	   known_glance(fd, KNOWN_CLOSED))
{
	TOUCH_READ(fd, true, REAL(read)(fd, buf, n));
}
SAME_AS(__read, read);

/* What is read is a number: it says nothing of who speaks first. */
int eventfd_read(int fd, eventfd_t *ret)
{
	if (!quiet() && before_read(fd, true))
		return (int)answer(-EINTR);
	return REAL(eventfd_read)(fd, ret);
}

ssize_t __read_chk(int fd, void *buf, size_t n, size_t room)
{
	TOUCH_READ(fd, true, REAL(__read_chk)(fd, buf, n, room));
}

HOOKED_BUT(ssize_t, readv, (int fd, const struct iovec *v, int n), (fd, v, n),
	   calm_to_read(fd), known_glance(fd, KNOWN_CLOSED))
{
	TOUCH_READ(fd, true, REAL(readv)(fd, v, n));
}

ssize_t preadv2(int fd, const struct iovec *v, int n, off_t at, int flags)
{
	TOUCH_READ(fd, !(flags & RWF_NOWAIT), REAL(preadv2)(fd, v, n, at, flags));
}

ssize_t preadv64v2(int fd, const struct iovec *v, int n, off64_t at, int flags)
{
	TOUCH_READ(fd, !(flags & RWF_NOWAIT), REAL(preadv64v2)(fd, v, n, at, flags));
}

HOOKED_BUT(ssize_t, recv, (int fd, void *buf, size_t n, int flags), (fd, buf, n, flags),
	   calm_to_read(fd), known_glance(fd, KNOWN_CLOSED))
{
	TOUCH_READ(fd, !(flags & MSG_DONTWAIT), REAL(recv)(fd, buf, n, flags));
}

ssize_t __recv_chk(int fd, void *buf, size_t n, size_t room, int flags)
{
	TOUCH_READ(fd, !(flags & MSG_DONTWAIT),
		   REAL(__recv_chk)(fd, buf, n, room, flags));
}

HOOKED_BUT(ssize_t, recvfrom,
	   (int fd, void *buf, size_t n, int flags, struct sockaddr *from,
	    socklen_t *len),
	   (fd, buf, n, flags, from, len), calm_to_read(fd),
	   known_glance(fd, KNOWN_CLOSED))
{
	TOUCH_READ(fd, !(flags & MSG_DONTWAIT),
		   REAL(recvfrom)(fd, buf, n, flags, from, len));
}

ssize_t __recvfrom_chk(int fd, void *buf, size_t n, size_t room, int flags,
		       struct sockaddr *from, socklen_t *len)
{
	TOUCH_READ(fd, !(flags & MSG_DONTWAIT),
		   REAL(__recvfrom_chk)(fd, buf, n, room, flags, from, len));
}

/* Descriptors that came with a message (unix(7)); CMSG_NXTHDR would call libc. */
static void received(const struct msghdr *m, const void *here)
{
	size_t n = m->msg_controllen, at = 0;
	struct cmsghdr c;

	for (; at < n && n - at >= sizeof(c); at += CMSG_ALIGN(c.cmsg_len)) {
		const char *from = (const char *)m->msg_control + at;

		__builtin_memcpy(&c, from, sizeof(c));
		if (c.cmsg_len < sizeof(c) || c.cmsg_len > n - at)
			return;
		if (c.cmsg_level != SOL_SOCKET || c.cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = CMSG_LEN(0); i + sizeof(int) <= c.cmsg_len;
		     i += sizeof(int)) {
			int fd;

			__builtin_memcpy(&fd, from + i, sizeof(fd));
			born(fd, false);
			crowded(book_received(fd, here), 0);
		}
	}
}

ssize_t recvmsg(int fd, struct msghdr *m, int flags)
{
	bool waits = !(flags & MSG_DONTWAIT), loud = !quiet();
	ssize_t r = loud ? before_read(fd, waits) : 0;

	if (r)
		return answer(r);
	if (loud)
		AGAIN(fd, waits, r, REAL(recvmsg)(fd, m, flags));
	else
		r = REAL(recvmsg)(fd, m, flags);
	used_to_read(fd, r, STACK_HERE);
	if (loud)
		heard(fd, r);
	if (r >= 0 && m->msg_controllen && !thread_is_vfork_child())
		received(m, STACK_HERE);
	return r;
}

int recvmmsg(int fd, struct mmsghdr *m, unsigned int n, int flags,
	     struct timespec *timeout)
{
	bool waits = !(flags & MSG_DONTWAIT), loud = !quiet();
	int r = loud ? (int)before_read(fd, waits) : 0;

	if (r)
		return (int)answer(r);
	if (loud)
		AGAIN(fd, waits, r, REAL(recvmmsg)(fd, m, n, flags, timeout));
	else
		r = REAL(recvmmsg)(fd, m, n, flags, timeout);
	used_to_read(fd, r, STACK_HERE);
	if (loud)
		heard(fd, r);
	for (int i = 0; i < r && !thread_is_vfork_child(); i++)
		if (m[i].msg_hdr.msg_controllen)
			received(&m[i].msg_hdr, STACK_HERE);
	return r;
}

/* Writes that cannot be told not to wait: the SYN goes alone, the data as ever. */
static int write_held_back(int fd, bool waits)
{
	struct slot *s = slot_of(fd);

	if (s)
		watch_writes(s, fd);
	debt_force(fd, waits);
	if (waits && !pause_on(fd, POLLOUT, ANY_LENGTH))
		return -EINTR;
	return kept_any() ? retry_before(fd, writing(waits ? 0 : MSG_DONTWAIT)) : 0;
}

#define TOUCH_WRITE(fd, call) TOUCH_WRITE_BY(fd, true, call)
#define TOUCH_WRITE_BY(fd, waits, call) \
	do { \
		if (quiet()) \
			return call; \
		__typeof__(call) put = (__typeof__(call))write_held_back(fd, waits); \
		if (put) \
			return (__typeof__(call))answer(put); \
		AGAIN(fd, writing(waits ? 0 : MSG_DONTWAIT), put, call); \
		return put; \
	} while (0)

ssize_t sendfile(int to, int from, off_t *at, size_t n)
{
	TOUCH_WRITE(to, REAL(sendfile)(to, from, at, n));
}

ssize_t sendfile64(int to, int from, off64_t *at, size_t n)
{
	TOUCH_WRITE(to, REAL(sendfile64)(to, from, at, n));
}

ssize_t pwritev2(int fd, const struct iovec *v, int n, off_t at, int flags)
{
	TOUCH_WRITE_BY(fd, !(flags & RWF_NOWAIT), REAL(pwritev2)(fd, v, n, at, flags));
}

ssize_t pwritev64v2(int fd, const struct iovec *v, int n, off64_t at, int flags)
{
	TOUCH_WRITE_BY(fd, !(flags & RWF_NOWAIT),
		       REAL(pwritev64v2)(fd, v, n, at, flags));
}

int eventfd_write(int fd, eventfd_t n)
{
	TOUCH_WRITE(fd, REAL(eventfd_write)(fd, n));
}

ssize_t splice(int from, off64_t *from_at, int to, off64_t *to_at, size_t n,
	       unsigned int flags)
{
	if (!quiet()) {
		debt_materialize(from);
		if (!pause_on(from, POLLIN, 0) || retry_before(from, RETRY_WAITS))
			return answer(-EINTR);
	}
	TOUCH_WRITE(to, REAL(splice)(from, from_at, to, to_at, n, flags));
}

ssize_t tee(int from, int to, size_t n, unsigned int flags)
{
	if (!quiet() && !pause_on(from, POLLIN, 0))
		return answer(-EINTR);
	return REAL(tee)(from, to, n, flags);
}

ssize_t vmsplice(int fd, const struct iovec *v, size_t n, unsigned int flags)
{
	if (!quiet() && !pause_on(fd, POLLOUT, ANY_LENGTH))
		return answer(-EINTR);
	return REAL(vmsplice)(fd, v, n, flags);
}

int vdprintf(int fd, const char *format, va_list args)
{
	TOUCH_WRITE(fd, REAL(vdprintf)(fd, format, args));
}

int __vdprintf_chk(int fd, int flag, const char *format, va_list args)
{
	TOUCH_WRITE(fd, REAL(__vdprintf_chk)(fd, flag, format, args));
}

int dprintf(int fd, const char *format, ...)
{
	va_list args;
	int r;

	va_start(args, format);
	r = vdprintf(fd, format, args);
	va_end(args);
	return r;
}

int __dprintf_chk(int fd, int flag, const char *format, ...)
{
	va_list args;
	int r;

	va_start(args, format);
	r = __vdprintf_chk(fd, flag, format, args);
	va_end(args);
	return r;
}

FILE *fdopen(int fd, const char *mode)
{
	if (!quiet())
		debt_force(fd, true);
	return REAL(fdopen)(fd, mode);
}
SAME_AS(_IO_fdopen, fdopen);

int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;
	int r;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (!quiet() && request == FIONREAD)
		debt_materialize(fd);
	if (!quiet() && (request == SIOCOUTQ || request == SIOCOUTQNSD))
		debt_settle(fd,
			    DEBT_SETTLE_MS); /* else it says: all was acknowledged */
	r = REAL(ioctl)(fd, request, arg);
	if (r == 0 && request == FIONREAD && *(int *)arg == 0)
		*(int *)arg = listener_unread(fd);
	return r;
}

/*
 * While the handshake lasts a FIN cannot be sent, and shutdown() would end it all.  Who
 * does not wait for anything gets his answer now, and the FIN its turn.
 */
static bool shut_later(int fd, int how)
{
	struct slot *s;

	debt_materialize(fd);
	if (kept_any())
		retry_before(fd, RETRY_ASKS);
	s = slot_noted(fd);
	if (s && slot_state(fd) == SLOT_OPENING && how == SHUT_WR &&
	    slot_has(s, SLOT_WROTE) && !sys_blocks(fd) && slot_of(fd) &&
	    kernel_holds_syn(fd) && linger_shut(fd, s)) {
		slot_flag_all(fd, SLOT_SHUT);
		return true;
	}
	debt_settle(fd, LINGER_END_MS);
	return false;
}

int shutdown(int fd, int how)
{
	if (!quiet() && shut_later(fd, how))
		return 0;
	return REAL(shutdown)(fd, how);
}

/* --- death ----------------------------------------------------------------------- */

HOOKED_BUT(int, close, (int fd), (fd), calm(fd),
	   known_glance(fd, KNOWN_OPEN | KNOWN_CLOSED))
{
	unsigned int known;

	if (thread_is_vfork_child())
		return REAL(close)(fd);
	if (!quiet() && linger_is_ours(fd))
		return (int)answer(-EBADF);
	if (!quiet())
		death_of(fd);
	listener_closes(fd);
	known = book_died(fd, STACK_HERE);
	return closed(fd, known, REAL(close)(fd), STACK_HERE);
}
SAME_AS(__close, close);

int posix_close(int fd, int flags)
{
	unsigned int known;

	if (thread_is_vfork_child())
		return REAL(posix_close)(fd, flags);
	if (!quiet() && linger_is_ours(fd))
		return (int)answer(-EBADF);
	if (!quiet())
		death_of(fd);
	listener_closes(fd);
	known = book_died(fd, STACK_HERE);
	return closed(fd, known, REAL(posix_close)(fd, flags), STACK_HERE);
}

static void before_dup_over(int from, int to)
{
	if (from == to || sys_fcntl(from, F_GETFD, 0) < 0)
		return; /* nothing will be closed */
	linger_move(to);
	death_of(to);
}

static int after_dup_over(int from, int r, const void *here)
{
	if (r < 0 || r == from || thread_is_vfork_child())
		return r;
	book_died(r, here);
	return after_dup(from, r, here);
}

int dup2(int from, int to)
{
	if (!quiet())
		before_dup_over(from, to);
	return after_dup_over(from, REAL(dup2)(from, to), STACK_HERE);
}
SAME_AS(__dup2, dup2);

int dup3(int from, int to, int flags)
{
	if (!quiet() && !(flags & ~O_CLOEXEC))
		before_dup_over(from, to);
	return after_dup_over(from, REAL(dup3)(from, to, flags), STACK_HERE);
}

int close_range(unsigned int first, unsigned int last, int flags)
{
	int ours, r;

	if (!thread_is_vfork_child() && first <= last &&
	    !(flags & ~CLOSE_RANGE_OWN_TABLE))
		book_died_range(first, last, STACK_HERE);
	if (quiet() || first > last ||
	    flags & ~(CLOSE_RANGE_ONLY_CLOEXEC | CLOSE_RANGE_OWN_TABLE))
		return REAL(close_range)(first, last, flags);
	if (!(flags & CLOSE_RANGE_ONLY_CLOEXEC))
		death_range(first, last);
	while ((ours = linger_between(first, last)) >=
	       0) { /* ours are not the program's */
		r = (unsigned int)ours > first
			    ? REAL(close_range)(first, (unsigned int)ours - 1, flags)
			    : 0;
		first = (unsigned int)ours + 1;
		if (r || first > last)
			return r;
	}
	return REAL(close_range)(first, last, flags);
}

void closefrom(int first)
{
	if (!thread_is_vfork_child())
		book_died_range(first > 0 ? (unsigned int)first : 0, SLOT_MAX,
				STACK_HERE);
	if (!quiet()) {
		death_range(first > 0 ? (unsigned int)first : 0, SLOT_MAX);
		linger_wait(); /* they would be closed too */
	}
	REAL(closefrom)(first);
}

static int number_of(FILE *f)
{
	__typeof__(&fileno) number = (__typeof__(number))real_find("fileno");

	return number ? number(f) : -1;
}

int fclose(FILE *f)
{
	bool kept = book_is_kept();
	int fd = -1, flushed = 0, why = 0, r;
	__typeof__(&fflush) flush;
	unsigned int known = 0;

	if (thread_is_vfork_child() || (!kept && quiet()))
		return REAL(fclose)(f);
	flush = (__typeof__(flush))real_find("fflush");
	fd = number_of(f);
	if (flush && fd >= 0 && slot_state(fd) != SLOT_PLAIN) {
		flushed = flush(f);
		why = real_errno();
		death_of(fd);
	}
	known = book_died(fd, STACK_HERE);
	r = closed(fd, known, REAL(fclose)(f), STACK_HERE);
	if (flushed) /* else its error would be forgotten */
		real_set_errno(why);
	return flushed ? flushed : r;
}
SAME_AS(_IO_fclose, fclose);
