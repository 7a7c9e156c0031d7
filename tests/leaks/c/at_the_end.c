/* SPDX-License-Identifier: MIT */
/*
 * Closed as late as can be: by atexit(), and by the destructors of the program.
 *
 * clean: nothing
 * look: no
 */
#include "leak.h"

static int by_atexit, by_destructor;

static void last_words(void)
{
	close(by_atexit);
}

__attribute__((destructor)) static void very_last_words(void)
{
	close(by_destructor);
}

int main(int argc, char **argv)
{
	begin(argc, argv);
	by_atexit = socket(AF_INET, SOCK_STREAM, 0);
	by_destructor = socket(AF_INET, SOCK_STREAM, 0);
	if (atexit(last_words))
		errx(1, "atexit");
	ready();
	return 0;
}
