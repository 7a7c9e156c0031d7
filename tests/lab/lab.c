/* SPDX-License-Identifier: MIT */
/*
 * The command line of the lab, and where its control socket lives. See README.md.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "control.h"
#include "net.h"
#include "session.h"
#include "text.h"
#include "wire.h"

static const char usage[] =
	"usage: lab [--delay MS] [--client-sysctl N] [--server-sysctl N] -- CMD...\n"
	"       lab in client|server CMD...\n"
	"       lab wire REQUEST...\n"
	"\n"
	"The first runs CMD in the namespace 'client', joined to 'server' by a wire\n"
	"with a round trip of MS milliseconds (0), and ends with its exit status.\n"
	"Both have net.ipv4.tcp_fastopen = N (3).\n"
	"  client  192.0.2.1  2001:db8::1\n"
	"  server  192.0.2.2  2001:db8::2  192.0.2.3  2001:db8::3\n"
	"\n"
	"The others are for CMD and its children, who find the lab by LAB_CONTROL:\n"
	"  lab in            runs a command in a namespace\n"
	"  lab wire          asks the wire:\n"
	"    delay MS        changes the round trip\n"
	"    fault NAME on|off|NUMBER [port=N] [dir=c2s|s2c]\n"
	"    faults          lists the faults\n"
	"    clear           switches them all off\n"
	"    counters        prints name=value lines\n"
	"    syns            prints the last SYNs\n"
	"    reset           zeroes the counters and forgets the SYNs\n";

struct options {
	double delay;
	double client_sysctl;
	double server_sysctl;
	char **command;
};

static char directory[256];
static char socket_path[sizeof(directory) + 16];

static int misused(const char *what, const char *which)
{
	fprintf(stderr, "lab: %s '%s'; see lab --help\n", what, which);
	return 2;
}

/* Returns 0, or an exit status. */
static int read_options(char **words, struct options *options)
{
	struct { const char *name; double max; double *value; } known[] = {
		{ "--delay", 60000, &options->delay },
		{ "--client-sysctl", 65535, &options->client_sysctl },
		{ "--server-sysctl", 65535, &options->server_sysctl },
	};
	size_t count = sizeof(known) / sizeof(*known);

	for (; *words && strcmp(*words, "--") != 0; words += 2) {
		size_t i = 0;

		while (i < count && strcmp(known[i].name, *words) != 0)
			i++;
		if (i == count)
			return misused("unknown argument", *words);
		if (!words[1] || !text_number(words[1], known[i].max, known[i].value))
			return misused("no good number after", *words);
	}
	if (!words[0] || !words[1])
		return misused("no command after", "--");
	options->command = words + 1;
	return 0;
}

static bool make_directory(void)
{
	const char *parent = getenv("TMPDIR");
	struct text path = { directory, sizeof(directory), 0 };

	text_add(&path, "%s/tfolab.XXXXXX", parent && *parent ? parent : "/tmp");
	if (!mkdtemp(directory)) {
		perror("lab: cannot make a directory for the control socket");
		return false;
	}
	snprintf(socket_path, sizeof(socket_path), "%s/control", directory);
	return true;
}

static bool set_environment(void)
{
	char self[4096];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (length < 0)
		return false;
	self[length] = '\0';
	return !setenv("LAB", self, 1) && !setenv("LAB_CONTROL", socket_path, 1);
}

/* 77 makes a test skipped where there can be no lab, unless it must work. */
static int cannot(void)
{
	const char *must = getenv("TFOSHIM_MUST_WORK");

	return must && !strcmp(must, "1") ? 1 : 77;
}

static int run(char **words)
{
	struct options options = { 0, 3, 3, NULL };
	struct net client, server;
	int status = read_options(words, &options);

	if (status)
		return status;
	/* The client's comes last: the command is to run there. */
	if (!net_create_server((int)options.server_sysctl, &server) ||
	    !net_create_client((int)options.client_sysctl, &client))
		return cannot();
	if (!make_directory())
		return 1;
	wire_set_delay(options.delay);
	status = 1;
	if (control_open(socket_path, client.namespace, server.namespace) &&
	    set_environment())
		status = session_run(options.command, &client, &server);
	unlink(socket_path);
	rmdir(directory);
	return status;
}

int main(int argc, char **argv)
{
	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		fputs(usage, stdout);
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "in")) {
		if (argc < 4)
			return misused("namespace and command must follow", argv[1]);
		return ask_in(argv[2], argv + 3);
	}
	if (argc > 1 && !strcmp(argv[1], "wire")) {
		if (argc < 3)
			return misused("a request must follow", argv[1]);
		return ask_wire(argv + 2);
	}
	return run(argv + 1);
}
