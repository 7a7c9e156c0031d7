/* SPDX-License-Identifier: MIT */
/*
 * Closed without libc's close(): by syscall(2), as libuv does, and by libc's own
 * close() that no hook sees. Closed is closed.
 *
 * clean: nothing
 * behind: 3
 */
#include <dlfcn.h>
#include <sys/syscall.h>
#include "leak.h"

static int (*hidden_close)(int);

FRAME static void open_and_hide(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || hidden_close(fd))
		err(1, "close");
}

FRAME static void open_and_syscall(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || syscall(SYS_close, fd))
		err(1, "close");
}

/* open_thrice: so that the hidden ones have different numbers */
FRAME static void open_thrice(void)
{
	int a = socket(AF_INET, SOCK_STREAM, 0), b = socket(AF_INET, SOCK_STREAM, 0),
	    c = socket(AF_INET, SOCK_STREAM, 0);

	if (hidden_close(a) || hidden_close(b) || hidden_close(c))
		err(1, "close");
}

int main(int argc, char **argv)
{
	void *libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);

	begin(argc, argv);
	if (!libc)
		errx(1, "%s", dlerror());
	*(void **)&hidden_close = dlsym(libc, "close");
	open_and_syscall();
	open_and_hide();
	open_thrice();
	ready();
	return 0;
}
