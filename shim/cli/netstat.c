/* SPDX-License-Identifier: MIT */
/* netstat: what the kernel counts of Fast Open; see netstat.h. */
#include "cli/netstat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/machine.h"

static const char *const names[NETSTAT_COUNTERS] = {
	[NETSTAT_ACTIVE] = "TCPFastOpenActive",
	[NETSTAT_ACTIVE_FAIL] = "TCPFastOpenActiveFail",
	[NETSTAT_PASSIVE] = "TCPFastOpenPassive",
	[NETSTAT_PASSIVE_FAIL] = "TCPFastOpenPassiveFail",
	[NETSTAT_OVERFLOW] = "TCPFastOpenListenOverflow",
	[NETSTAT_COOKIE_ASKED] = "TCPFastOpenCookieReqd",
	[NETSTAT_BLACKHOLE] = "TCPFastOpenBlackhole",
};

const char *netstat_name(enum netstat_counter c)
{
	return names[c];
}

/* A line of names, and one of numbers in the same order. */
static void read_lines(struct netstat *ret, char *heads, char *numbers)
{
	char *more_heads, *more_numbers;
	char *head = strtok_r(heads, " \n", &more_heads);
	char *number = strtok_r(numbers, " \n", &more_numbers);

	while (head && number) {
		for (int i = 0; i < NETSTAT_COUNTERS; i++)
			if (!strcmp(head, names[i])) {
				ret->is_known[i] = true;
				ret->n[i] = strtoull(number, NULL, 10);
			}
		head = strtok_r(NULL, " \n", &more_heads);
		number = strtok_r(NULL, " \n", &more_numbers);
	}
}

static void read_counters(struct netstat *ret)
{
	FILE *from = fopen("/proc/self/net/netstat", "re");
	char *heads = NULL, *numbers = NULL;
	size_t heads_room = 0, numbers_room = 0;

	while (from && getline(&heads, &heads_room, from) > 0 &&
	       getline(&numbers, &numbers_room, from) > 0)
		if (!strncmp(heads, "TcpExt:", 7))
			read_lines(ret, heads, numbers);
	free(heads);
	free(numbers);
	if (from)
		fclose(from);
}

static bool read_setting(const char *name, char *ret, int room)
{
	char path[128];
	FILE *from;
	bool is_seen;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/%s", name);
	from = fopen(path, "re");
	is_seen = from && fgets(ret, room, from);
	if (from)
		fclose(from);
	return is_seen;
}

/* It is drawn when the first listener needs it; until then all is 0. */
static enum netstat_key read_key(void)
{
	char key[256];

	if (!read_setting("tcp_fastopen_key", key, sizeof(key)))
		return NETSTAT_KEY_UNSEEN;
	return key[strspn(key, "0-,\n")] ? NETSTAT_KEY_SET : NETSTAT_KEY_NONE;
}

void netstat_read(struct netstat *ret)
{
	char pause[32];

	*ret = (struct netstat){
		.fastopen = machine_fastopen(),
		.blackhole_s = -1,
		.key = read_key(),
	};
	if (read_setting("tcp_fastopen_blackhole_timeout_sec", pause, sizeof(pause)))
		ret->blackhole_s = strtol(pause, NULL, 10);
	read_counters(ret);
}
