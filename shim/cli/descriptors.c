/* SPDX-License-Identifier: MIT */
/* descriptors: which sockets the descriptors of a process are; see descriptors.h. */
#include "cli/descriptors.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define HANDS 8		     /* at most */
#define NUMBERS_A_HAND 16384 /* at least: less is not worth a process */

struct reading {
	struct descriptors *to;
	bool (*is_known)(const void *with, unsigned int fd);
	const void *with;
	int directory;
};

static uint64_t socket_inode(int directory, const char *name)
{
	char link[64];
	ssize_t n = readlinkat(directory, name, link, sizeof(link) - 1);

	if (n < 8 || memcmp(link, "socket:[", 8))
		return 0;
	link[n] = '\0';
	return strtoull(link + 8, NULL, 10);
}

static void read_part(const struct reading *r, unsigned int from, unsigned int end)
{
	char name[16];

	for (unsigned int fd = from; fd < end; fd++) {
		if (!r->is_known(r->with, fd))
			continue;
		snprintf(name, sizeof(name), "%u", fd);
		r->to->inode[fd] = socket_inode(r->directory, name);
	}
}

/* The first part is our own; where there can be no other process, all of it. */
static void read_known(const struct reading *r)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int hands = r->to->top / NUMBERS_A_HAND + 1, each;
	pid_t hand[HANDS];

	if (hands > HANDS)
		hands = HANDS;
	if (processors > 0 && hands > (unsigned long)processors)
		hands = (unsigned int)processors;
	each = r->to->top / hands + 1;
	for (unsigned int i = 1; i < hands; i++) {
		unsigned int from = i * each, end = from + each;

		if (end > r->to->top)
			end = r->to->top;
		hand[i] = fork();
		if (hand[i] <= 0)
			read_part(r, from, end);
		if (!hand[i])
			_exit(0);
	}
	read_part(r, 0, each < r->to->top ? each : r->to->top);
	for (unsigned int i = 1; i < hands; i++)
		if (hand[i] > 0)
			waitpid(hand[i], NULL, 0);
}

static void count_all(const struct reading *r, DIR *all)
{
	const struct dirent *entry;

	while ((entry = readdir(all))) {
		unsigned long number = strtoul(entry->d_name, NULL, 10);

		if (*entry->d_name == '.')
			continue;
		r->to->all++;
		if (number < r->to->top && r->is_known(r->with, (unsigned int)number))
			continue;
		r->to->strangers += socket_inode(r->directory, entry->d_name) != 0;
	}
}

bool descriptors_read(const struct process *p, unsigned int top,
		      bool (*is_known)(const void *with, unsigned int fd),
		      const void *with, struct descriptors *ret)
{
	int directory = process_open(p, "fd", O_RDONLY | O_DIRECTORY);
	struct reading r = { ret, is_known, with, directory };
	void *room = mmap(NULL, top * sizeof(*ret->inode), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	DIR *all = directory >= 0 ? fdopendir(directory) : NULL;

	*ret = (struct descriptors){ .inode = room, .top = top };
	if (room == MAP_FAILED)
		ret->inode = NULL;
	if (all && ret->inode) {
		read_known(&r);
		count_all(&r, all);
	}
	if (all)
		closedir(all);
	return all && ret->inode;
}

void descriptors_drop(struct descriptors *d)
{
	if (d->inode)
		munmap(d->inode, d->top * sizeof(*d->inode));
}
