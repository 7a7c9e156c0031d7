/* SPDX-License-Identifier: MIT */
/* holds: what sockets a process holds; see holds.h. */
#include "cli/holds.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/diag.h"
#include "cli/procnet.h"

#define INET (1u << AF_INET | 1u << AF_INET6)

static bool read_table(struct sockets *s, const struct process *p)
{
	if (diag_read(s, p, INET))
		return true;
	sockets_drop(s);
	*s = (struct sockets){ 0 };
	return procnet_read(s, p, INET);
}

static void count(struct holds *ret, const struct sockets_one *one)
{
	if (!one || one->state > SOCKETS_CLOSING)
		return; /* of no table, or not TCP */
	if (one->state == SOCKETS_LISTEN) {
		if (ret->listeners < HOLDS_LISTENERS)
			ret->at[ret->listeners] = one->own;
		ret->listeners++;
	} else if (one->state != SOCKETS_UNKNOWN && one->peer.port) {
		ret->connections++;
	}
}

/* The inode, or 0: it is no socket. */
static uint64_t socket_of(int directory, const char *name)
{
	char target[64];
	ssize_t n = readlinkat(directory, name, target, sizeof(target) - 1);
	unsigned long long inode;

	target[n > 0 ? n : 0] = '\0';
	return sscanf(target, "socket:[%llu]", &inode) == 1 ? inode : 0;
}

static void read_all(DIR *from, struct sockets *table, struct holds *ret)
{
	const struct dirent *entry;

	while ((entry = readdir(from))) {
		uint64_t inode = socket_of(dirfd(from), entry->d_name);

		if (!inode)
			continue;
		ret->sockets++;
		count(ret, sockets_find(table, inode));
	}
}

void holds_read(const struct process *p, struct holds_tables *t, struct holds *ret)
{
	struct sockets its = { 0 };
	bool is_ours = process_shares(p, "net");
	int fd = process_open(p, "fd", O_RDONLY | O_DIRECTORY);
	DIR *from = fd >= 0 ? fdopendir(fd) : NULL;

	*ret = (struct holds){ .is_seen = from };
	if (!from)
		return;
	if (is_ours && !t->is_read) {
		t->is_read = true;
		t->is_whole = read_table(&t->own, p);
	}
	ret->is_told = is_ours ? t->is_whole : read_table(&its, p);
	read_all(from, is_ours ? &t->own : &its, ret);
	closedir(from);
	sockets_drop(&its);
}

void holds_drop(struct holds_tables *t)
{
	sockets_drop(&t->own);
	*t = (struct holds_tables){ 0 };
}
