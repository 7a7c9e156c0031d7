/* SPDX-License-Identifier: MIT */
/*
 * The connection becomes a stream; fclose() would close both, but is left out when the
 * greeting is not the expected one.
 *
 * leaky: 2 accept CLOSE_WAIT by welcome from greet
 */
#include "leak.h"

FRAME static FILE *welcome(int listener)
{
	int fd = accept(listener, NULL, NULL); /* LEAK */
	FILE *stream = fdopen(fd, "r+");

	if (!stream)
		err(1, "fdopen");
	return stream;
}

FRAME static void greet(int listener)
{
	char line[32] = "";
	FILE *stream = welcome(listener);

	if (!fgets(line, sizeof(line), stream))
		err(1, "fgets");
	if (strcmp(line, "HELO\n") == 0 || !leaky)
		fclose(stream);
}

int main(int argc, char **argv)
{
	static const char *const greetings[] = { "HELO\n", "EHLO\n", "EHLO\n",
						 "HELO\n" };
	struct sockaddr_in at;
	int listener;

	begin(argc, argv);
	listener = listen_here(&at);
	for (int i = 0; i < 4; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		connect_to(fd, &at);
		say(fd, greetings[i]);
		greet(listener);
		close(fd);
	}
	close(listener);
	ready();
	return 0;
}
