/* SPDX-License-Identifier: MIT */
/* listener: Fast Open on listening sockets; see listener.h. */
#include "preload/listener.h"

#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "core/live.h"
#include "core/log.h"
#include "core/outcome.h"
#include "core/sys.h"
#include "preload/kernel.h"
#include "preload/keyring.h"
#include "preload/slot.h"
#include "preload/sockopt.h"
#include "preload/tally.h"

#define QLEN_LEAST 256
#define QLEN_MOST 4096 /* the kernel caps at net.core.somaxconn by itself */
#define SERVER_BIT 2

static _Atomic bool on;
static _Atomic bool any; /* some listener of this process has our queue */
/* live_generation() when the listener was last seen to. */
static _Atomic uint16_t seen[SLOT_MAX];

bool listener_switch(bool to)
{
	return atomic_exchange(&on, to);
}

static bool server_bit_off(void)
{
	char value[16];
	unsigned int n = 0;
	int fd = (int)sys4(SYS_openat, AT_FDCWD, "/proc/sys/net/ipv4/tcp_fastopen",
			   O_RDONLY | O_CLOEXEC, 0);
	long got;

	if (fd < 0)
		return false;
	got = sys3(SYS_read, fd, value, sizeof(value));
	sys_close(fd);
	for (long i = 0; i < got && value[i] >= '0' && value[i] <= '9'; i++)
		n = n * 10 + (unsigned int)(value[i] - '0');
	return got > 0 && !(n & SERVER_BIT);
}

static void tell_server_bit(void)
{
	static atomic_flag said = ATOMIC_FLAG_INIT;

	if (log_wants(LOG_INFO) && server_bit_off())
		log_once(&said, LOG_INFO, "listener",
			 "net.ipv4.tcp_fastopen has the server bit (2) off in this "
			 "network "
			 "namespace, listening normally until somebody runs: "
			 "sysctl -w net.ipv4.tcp_fastopen=3");
}

static int queue_length(const struct live_rule *r, int backlog)
{
	if (r->value[KEY_qlen] != RULE_UNSET)
		return (int)r->value[KEY_qlen];
	return backlog < QLEN_LEAST  ? QLEN_LEAST
	       : backlog > QLEN_MOST ? QLEN_MOST
				     : backlog;
}

static void set_no_cookie(int fd, const struct live_rule *r)
{
	int wanted = r->value[KEY_no_cookie] == 1;

	if (wanted == slot_marked(fd, MARK_NO_COOKIE) ||
	    sys_setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, &wanted,
			   sizeof(wanted)))
		return;
	if (wanted)
		slot_mark(fd, MARK_NO_COOKIE);
	else
		slot_unmark(fd, MARK_NO_COOKIE);
}

/* The program's own choice stays. */
static bool is_own(int fd)
{
	int own = 0;
	socklen_t len = sizeof(own);

	if (slot_marked(fd, MARK_OWN_TFO))
		return true;
	return !slot_marked(fd, MARK_OURS) &&
	       (sys_getsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &own, &len) || own);
}

/* Also where the program does Fast Open itself: but for its own keys. */
static void use_keys(int fd, const struct live_rule *r)
{
	if (r->key_file[0] && r->value[KEY_tfo] && !sockopt_own_key(fd))
		keyring_use(fd, kernel_cookie(fd), r->key_file);
	else
		slot_unmark(fd, MARK_KEYED);
}

static void log_listen(const struct addr *at, int qlen)
{
	struct log_entry e;
	TEXT(to, 64);

	if (!log_start(&e, LOG_DEBUG, "listen"))
		return;
	addr_print(&to, at);
	log_text(&e, "address", to.at);
	log_number(&e, "qlen", (uint64_t)qlen);
	log_end(&e);
}

static void open_fast(int fd, const struct addr *at, const struct live_rule *r,
		      int backlog)
{
	const int qlen = queue_length(r, backlog);

	if (!sockopt_own_no_cookie(fd))
		set_no_cookie(fd, r);
	if (sys_setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &qlen, sizeof(qlen)))
		return;
	if (!slot_marked(fd, MARK_OURS))
		tally_listens(1);
	slot_mark(fd, MARK_OURS);
	atomic_store_explicit(&any, true, memory_order_relaxed);
	log_listen(at, qlen);
	tell_server_bit();
}

static void close_fast(int fd)
{
	const int none = 0;

	if (!slot_marked(fd, MARK_OURS))
		return;
	sys_setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &none, sizeof(none));
	slot_unmark(fd, MARK_OURS);
	tally_listens(-1);
}

/* As the policy says now. */
static void see_to(int fd, int backlog)
{
	struct live_rule r;
	struct addr at;

	slot_mark(fd, MARK_LISTENER);
	if ((unsigned int)fd < SLOT_MAX)
		atomic_store(&seen[fd], (uint16_t)live_generation());
	if (!kernel_own_end(fd, &at) || !kernel_is_tcp(fd))
		return;
	if (!live_ask(SECTION_listen, &at, NULL, &r)) {
		tally_aside(TRAFFIC_ASIDE_POLICY);
		return;
	}
	sockopt_listener(fd, &r);
	use_keys(fd, &r);
	if (is_own(fd))
		return;
	if (r.value[KEY_tfo])
		open_fast(fd, &at, &r, backlog);
	else
		close_fast(fd);
}

void listener_bound(int fd, const void *to, socklen_t len)
{
	struct live_rule r;
	struct addr at;

	if (!atomic_load_explicit(&on, memory_order_acquire) ||
	    len < sizeof(struct sockaddr_in) || !sys_readable(to, len) ||
	    !addr_read(to, len, &at) || !at.port || !kernel_is_tcp(fd) ||
	    !live_ask(SECTION_listen, &at, NULL, &r))
		return;
	sockopt_bound(fd, &r);
}

bool listener_any(void)
{
	return atomic_load_explicit(&any, memory_order_relaxed);
}

int listener_unread(int fd)
{
	struct tcp_facts f;
	long n;

	if (!listener_any() || outcome_facts(fd, &f) || !f.half_open)
		return 0;
	n = sys6(SYS_recvfrom, fd, NULL, INT_MAX, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT,
		 0, 0);
	return n > 0 ? (int)n : 0;
}

void listener_closes(int fd)
{
	if (slot_marked(fd, MARK_LISTENER) && slot_marked(fd, MARK_OURS)) {
		slot_unmark(fd, MARK_LISTENER);
		tally_listens(-1);
	}
}

void listener_opens(int fd, int backlog)
{
	if (!atomic_load_explicit(&on, memory_order_acquire))
		return;
	see_to(fd, backlog);
}

/* What listen() was called with: tcp(7), TCP_INFO of a listener. */
static int backlog_of(int fd)
{
	struct tcp_info i = { .tcpi_sacked = 0 };
	socklen_t len = sizeof(i);

	return sys_getsockopt(fd, IPPROTO_TCP, TCP_INFO, &i, &len) ||
			       i.tcpi_sacked > INT_MAX
		       ? 0
		       : (int)i.tcpi_sacked;
}

static bool is_listening(int fd)
{
	int listening = 0;
	socklen_t len = sizeof(listening);

	return !sys_getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) &&
	       listening;
}

void listener_accepts(int fd)
{
	if ((unsigned int)fd >= SLOT_MAX ||
	    !atomic_load_explicit(&on, memory_order_acquire))
		return;
	keyring_look(fd);
	if (slot_marked(fd, MARK_LISTENER) &&
	    atomic_load_explicit(&seen[fd], memory_order_relaxed) ==
		    (uint16_t)live_generation())
		return;
	slot_mark(fd, MARK_LISTENER);
	if (is_listening(fd))
		see_to(fd, backlog_of(fd));
}
