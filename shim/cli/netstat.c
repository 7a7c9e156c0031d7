/* SPDX-License-Identifier: MIT */
/* netstat: what the kernel counts in our network namespace; see netstat.h. */
#include "cli/netstat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GROUP "TcpExt: "

static bool read_line(FILE *from, char **ret)
{
	size_t room = 0;

	*ret = NULL;
	return getline(ret, &room, from) > 0;
}

bool netstat_read(struct netstat *ret)
{
	FILE *from = fopen("/proc/self/net/netstat", "re");
	bool good = false;

	*ret = (struct netstat){ 0 };
	while (from && !good && read_line(from, &ret->names) &&
	       read_line(from, &ret->values)) {
		good = !strncmp(ret->names, GROUP, strlen(GROUP)) &&
		       !strncmp(ret->values, GROUP, strlen(GROUP));
		if (!good)
			netstat_drop(ret);
	}
	if (from)
		fclose(from);
	if (!good)
		netstat_drop(ret);
	return good;
}

bool netstat_get(const struct netstat *s, const char *name, uint64_t *ret)
{
	const char *n = s->names, *v = s->values;
	size_t len = strlen(name);

	while (n && v) {
		n = strchr(n, ' ');
		v = strchr(v, ' ');
		if (!n || !v)
			return false;
		n++;
		v++;
		if (!strncmp(n, name, len) && strchr(" \n", n[len])) {
			*ret = strtoull(v, NULL, 10);
			return true;
		}
	}
	return false;
}

void netstat_drop(struct netstat *s)
{
	free(s->names);
	free(s->values);
	*s = (struct netstat){ 0 };
}
