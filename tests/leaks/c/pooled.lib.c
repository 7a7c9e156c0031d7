/* SPDX-License-Identifier: MIT */
/*
 * The library of pooled.c: opens a connection when it is asked, closes it when it is
 * unloaded.
 */
#include "leak.h"
#include "library.h"

static int kept = -1;

__attribute__((destructor)) FRAME static void library_end(void)
{
	if (kept >= 0)
		close(kept);
}

FRAME bool library_ask(const struct sockaddr_in *to, bool forget)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0); /* LEAK */

	if (!forget)
		kept = fd;
	return connect(fd, (const struct sockaddr *)to, sizeof(*to)) == 0;
}
