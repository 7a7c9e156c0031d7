/* SPDX-License-Identifier: MIT */
/* rights: what a process gives up, each in a child of its own. */
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frames.h"

#define NOBODY 65534

/* musl changes the rights of each thread by a signal, and errno is what is left of it.
 */
#define GIVES(call) say("\t" #call " = %d", (call))

/* It can still talk. */
static void talk(void)
{
	struct ends e;
	char c = 0;

	if (ends_open(KIND_TCP, true, &e)) {
		STEP(send(e.far, "x", 1, 0));
		STEP(recv(e.near, &c, 1, 0));
		say_bytes(&c, 1);
	}
	ends_close(&e);
}

FRAGMENT(setuid)
{
	GIVES(setuid(getuid()));
	IN_CHILD(GIVES(setuid(NOBODY)); GIVES(setuid(0)); talk(); _exit(0));
	IN_CHILD(talk(); GIVES(setuid(NOBODY)); talk(); _exit(0));
	world_owe();
	GIVES(setuid(getuid()));
}

FRAGMENT(seteuid)
{
	IN_CHILD(GIVES(seteuid(NOBODY)); talk(); GIVES(seteuid(getuid())); talk();
		 _exit(0));
	GIVES(seteuid((uid_t)-1));
	GIVES(seteuid(geteuid()));
}

FRAGMENT(setreuid)
{
	IN_CHILD(GIVES(setreuid(NOBODY, NOBODY)); talk(); GIVES(setreuid(0, 0));
		 _exit(0));
	GIVES(setreuid((uid_t)-1, (uid_t)-1));
}

FRAGMENT(setresuid)
{
	IN_CHILD(GIVES(setresuid(NOBODY, NOBODY, 0)); talk(); GIVES(setresuid(0, 0, 0));
		 talk(); _exit(0));
	GIVES(setresuid((uid_t)-1, (uid_t)-1, (uid_t)-1));
}

FRAGMENT(chroot)
{
	STEP(chroot("/nonexistent"));
	STEP(chroot(nowhere));
	IN_CHILD(STEP(chroot("/proc")); STEP(chdir("/")); talk(); _exit(0));
	OWING(chroot("/nonexistent"));
}
