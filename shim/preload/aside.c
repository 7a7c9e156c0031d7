/* SPDX-License-Identifier: MIT */
/* aside: where our own calls could do harm; see aside.h. */
#include "preload/aside.h"

#include "core/log.h"
#include "preload/book.h"
#include "preload/client.h"
#include "preload/death.h"
#include "preload/kept.h"
#include "preload/linger.h"
#include "preload/listener.h"
#include "preload/naming.h"
#include "preload/slot.h"
#include "preload/sockopt.h"
#include "preload/tally.h"

static void forget(int fd)
{
	slot_set(fd, SLOT_PLAIN);
}

static atomic_bool caged, client_was, listener_was;

bool aside_for_cage(void)
{
	static atomic_flag said = ATOMIC_FLAG_INIT;

	if (atomic_exchange(&caged, true))
		return false;
	atomic_store(&client_was, client_switch(false));
	atomic_store(&listener_was, listener_switch(false));
	sockopt_switch(false);
	death_is_near();
	tally_settle();
	tally_aside(TRAFFIC_ASIDE_SECCOMP);
	book_switch(false);
	slot_each(0, SLOT_MAX - 1, forget);
	linger_drop();
	kept_forget();
	log_once(&said, LOG_INFO, "cage",
		 "the program filters its own system calls, "
		 "connecting and listening normally from now on");
	return true;
}

void aside_over(void)
{
	client_switch(atomic_load(&client_was));
	listener_switch(atomic_load(&listener_was));
	sockopt_switch(true);
	book_switch(true);
	tally_aside(TRAFFIC_TAKES_PART);
	atomic_store(&caged, false);
}

void aside_for_ring(void)
{
	static atomic_flag said = ATOMIC_FLAG_INIT;

	naming_careful();
	if (!client_switch(false))
		return;
	death_is_near();
	tally_aside(TRAFFIC_ASIDE_IO_URING);
	log_once(&said, LOG_INFO, "io_uring",
		 "the program uses io_uring, which passes by us, "
		 "connecting normally from now on");
}
