/* SPDX-License-Identifier: MIT */
/* choice: which connections are ours, and why the others are not; see choice.h. */
#include "preload/choice.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/sys.h"
#include "preload/kept.h"
#include "preload/kernel.h"
#include "preload/learn.h"
#include "preload/names.h"
#include "preload/slot.h"
#include "preload/sockopt.h"
#include "preload/tally.h"

#define CAPABILITY_RETRY_US 10000000
#define LOOPBACK_A_SECOND 500

static _Atomic uint64_t incapable_until_us; /* the sysctl's client bit was off */

/* Asking the kernel for a listener costs as much as the round trip within this host. */
static bool too_many_here(void)
{
	static _Atomic uint64_t window_s;
	static _Atomic unsigned int n;
	uint64_t now_s = clock_now_us() / 1000000;

	if (atomic_exchange(&window_s, now_s) != now_s)
		atomic_store(&n, 0);
	return atomic_fetch_add(&n, 1) >= LOOPBACK_A_SECOND;
}

/*
 * Who reads first saves a round trip: within this host there is none.  Some connections
 * are watched all the same, since programs change their ways.
 */
static bool gains_nothing(const struct addr *to, const struct memory_view *known)
{
	static _Atomic unsigned int asked;

	return addr_is_loopback(to) && known->habit == HABIT_READS_FIRST &&
	       atomic_fetch_add(&asked, 1) % 8;
}

/* From a connect() that failed: the kernel would hold the next one's SYN back too. */
void choice_undo(int fd)
{
	const int zero = 0;

	if (!slot_marked(fd, MARK_OURS))
		return;
	sys_setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &zero, sizeof(zero));
	slot_unmark(fd, MARK_OURS);
}

static void tell_capability(void)
{
	static atomic_flag said = ATOMIC_FLAG_INIT;

	atomic_store(&incapable_until_us, clock_now_us() + CAPABILITY_RETRY_US);
	log_once(&said, LOG_INFO, "capability",
		 "net.ipv4.tcp_fastopen has the client bit (1) off in this "
		 "network namespace, connecting normally");
}

/* REASON_none: the kernel holds the SYN back, if it has a cookie. */
static enum reason set_option(int fd, const struct live_rule *rule)
{
	const int one = 1;
	int err = sys_setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &one,
				 sizeof(one));

	if (err == -EOPNOTSUPP)
		tell_capability();
	if (err)
		return err == -EOPNOTSUPP ? REASON_capability : CHOICE_NOT_TCP;
	slot_mark(fd, MARK_OURS);
	if (rule->value[KEY_no_cookie])
		sys_setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, &one,
			       sizeof(one));
	return REASON_none;
}

static void ask(const struct addr *to, const struct live_rule *rule,
		struct memory_view *ret)
{
	const struct memory_rule m = memory_rule_of(
		rule->value[KEY_proven_for], rule->value[KEY_strikes],
		rule->value[KEY_pause], rule->value[KEY_slower_than]);

	learn_ask(to, &m, ret);
}

bool choice_is_tcp(int fd)
{
	return slot_marked(fd, MARK_TCP) || kernel_is_tcp(fd);
}

/* What this program was seen to do there. */
static enum reason habit(const struct choice *c)
{
	if (addr_is_link_local(&c->to))
		return REASON_first_contact;
	switch (c->known.habit) {
	case HABIT_UNKNOWN:
		return REASON_first_contact;
	case HABIT_READS_FIRST:
		return REASON_reads_first;
	case HABIT_KNOCKS:
		return REASON_knock;
	case HABIT_WRITES_FIRST:
	case HABIT_WROTE_LATE:
		break;
	}
	return REASON_none;
}

/* Of this host the kernel is asked, of others the memory; and what may be lost on the
 * way to them has to be kept. */
static bool is_there(int fd, const struct choice *c)
{
	return kernel_is_own_host(fd, &c->to) ? kernel_has_listener(fd, &c->to)
					      : c->known.answered && kept_has_room();
}

enum reason choice_not_proven(int fd, const struct choice *c)
{
	enum reason why = habit(c);

	return why == REASON_none && !is_there(fd, c) ? REASON_first_contact : why;
}

/* A pause, or one of those to compare with; only TCP has either. */
static enum reason held_off(int fd, struct choice *c)
{
	uint32_t one_in = (uint32_t)c->rule.value[KEY_baseline];
	enum reason why = REASON_none;

	if (c->known.pause != REASON_none || c->known.slower_now)
		why = choice_is_tcp(fd) ? learn_gate(&c->to, &c->known)
					: CHOICE_NOT_TCP;
	if (why != REASON_none || c->known.pause == REASON_paused)
		return why; /* a trial is none of those */
	if (addr_is_loopback(&c->to) || habit(c) != REASON_none || !c->known.answered)
		return REASON_none;
	c->compared = one_in && !learn_is_baseline(&c->to, one_in);
	if (!one_in || c->compared)
		return REASON_none;
	return choice_is_tcp(fd) ? REASON_baseline : CHOICE_NOT_TCP;
}

static enum reason choose(int fd, struct choice *c)
{
	uint64_t until = atomic_load_explicit(&incapable_until_us,
					      memory_order_relaxed);
	enum reason why;

	if (!c->rule.value[KEY_tfo])
		return REASON_policy;
	if (slot_marked(fd, MARK_OWN_TFO))
		return REASON_own_tfo;
	if (until && clock_now_us() < until)
		return REASON_capability;
	if (addr_is_loopback(&c->to) && too_many_here())
		return REASON_local;
	ask(&c->to, &c->rule, &c->known);
	if (gains_nothing(&c->to, &c->known))
		return REASON_local;
	why = held_off(fd, c);
	return why == REASON_none ? set_option(fd, &c->rule) : why;
}

/* For who wants to know why before the connection has ended. */
static __attribute__((noinline)) void log_choice(const struct choice *c,
						 const char *host)
{
	struct log_entry e;
	TEXT(to, 64);

	if (c->why == CHOICE_NOT_TCP || !log_start(&e, LOG_DEBUG, "connect"))
		return;
	addr_print(&to, &c->to);
	log_text(&e, "dest", to.at);
	if (host)
		log_text(&e, "name", host);
	log_text(&e, "reason", outcome_reason(c->why));
	log_end(&e);
}

bool choice_make(int fd, const struct sockaddr *to, socklen_t len, struct choice *ret)
{
	char host[NAMES_BYTES];
	bool has_name;

	if (len < sizeof(struct sockaddr_in) || len > sizeof(struct sockaddr_storage) ||
	    !sys_readable(to, len) || !addr_read(to, len, &ret->to))
		return false;
	has_name = names_find(&ret->to, host);
	if (!live_ask(SECTION_connect, &ret->to, has_name ? host : NULL, &ret->rule)) {
		if (choice_is_tcp(fd))
			tally_aside(TRAFFIC_ASIDE_POLICY);
		return false;
	}
	tally_aside(TRAFFIC_TAKES_PART);
	if (ret->rule.says_something && choice_is_tcp(fd))
		sockopt_client(fd, &ret->rule);
	ret->compared = false;
	ret->why = choose(fd, ret);
	if (log_wants(LOG_DEBUG))
		log_choice(ret, has_name ? host : NULL);
	return true;
}
