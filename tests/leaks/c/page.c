/* SPDX-License-Identifier: MIT */
/*
 * page DIRECTORY N: the ledger of a process that opened N sockets and was killed, made
 * with the code that makes ledgers: where no process may open so many. Prints the
 * file's name.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/ledger.h"
#include "core/share.h"

static uint64_t own_start(void)
{
	char stat[1024];
	FILE *file = fopen("/proc/self/stat", "r");
	char *at = file && fgets(stat, sizeof(stat), file) ? strrchr(stat, ')') : NULL;

	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (!at)
		errx(1, "/proc/self/stat");
	fclose(file);
	return strtoull(at, NULL, 10);
}

static struct ledger *begin(const char *directory, char name[64], const char *program)
{
	struct stat space;
	struct ledger_owner o = {
		.pid = (uint32_t)getpid(),
		.start = own_start(),
		.begun_us = clock_coarse_us(),
		.begun_s = clock_today_s(),
		.program = program,
	};
	void *at;

	if (stat("/proc/self/ns/pid", &space))
		err(1, "/proc/self/ns/pid");
	o.pid_space = space.st_ino;
	snprintf(name, 64, "ledger.1.%u.%llu", o.pid, (unsigned long long)o.start);
	if (share_create(directory, name, LEDGER_BYTES, &at) || !ledger_begin(at, &o))
		errx(1, "no ledger in %s", directory);
	return at;
}

static void birth(struct ledger *l, unsigned int fd, unsigned int site)
{
	struct ledger_birth b = { .kind = LEDGER_SOCKET,
				  .family = LEDGER_FAMILY_IPV4,
				  .site = site,
				  .at = fd / 1000,
				  .name = fd + 1 };

	if (!ledger_room(l, fd / LEDGER_ROW))
		errx(1, "no room");
	ledger_born(l, fd, &b);
}

int main(int argc, char **argv)
{
	char program[4096] = "", name[64];
	struct ledger_file file = { .path = program };
	unsigned int n = argc == 3 ? (unsigned int)atol(argv[2]) : 0, site;
	uintptr_t here = (uintptr_t)main;
	uint64_t frame;
	struct ledger *l;

	if (!n || n > LEDGER_FDS - 3 ||
	    readlink("/proc/self/exe", program, sizeof(program) - 1) < 0)
		errx(2, "usage: page DIRECTORY N");
	l = begin(argv[1], name, program);
	frame = ledger_frame(ledger_module(l, &file), 0x1000);
	site = ledger_site_add(l, &here, 1, &frame, 1, LEDGER_BY_CALLER);
	for (unsigned int fd = 3; fd < n + 3; fd++)
		birth(l, fd, site);
	puts(name);
	return 0;
}
