/* SPDX-License-Identifier: MIT */
/* process: another process as /proc shows it; see process.h. */
#include "cli/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/regular.h"

#define NAME_BYTES 128 /* of what is below /proc */

static void proc_name(char ret[NAME_BYTES], int pid, const char *name)
{
	snprintf(ret, NAME_BYTES, "/proc/%d/%s", pid, name);
}

int process_open(const struct process *p, const char *name, int flags)
{
	char path[NAME_BYTES];
	int fd;

	proc_name(path, p->pid, name);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* --- who it is -------------------------------------------------------------------- */

/* -1: it cannot be read, or there is nothing in it. */
static int read_text(int pid, const char *name, char *ret, size_t room)
{
	struct process p = { .pid = pid };
	int fd = process_open(&p, name, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, ret, room - 1);
	close(fd);
	ret[n > 0 ? n : 0] = '\0';
	return n > 0 ? 0 : -1;
}

/* Its second field is the name, which may hold anything, so it is read from behind. */
static bool read_stat(int pid, struct process *p)
{
	char text[2048], *open, *end;
	unsigned long long start;

	if (read_text(pid, "stat", text, sizeof(text)))
		return false;
	open = strchr(text, '(');
	end = strrchr(text, ')');
	if (!open || !end || end < open ||
	    sscanf(end + 1,
		   " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
		   "%*s %*s %*s %llu",
		   &start) != 1)
		return false;
	*end = '\0';
	p->start = start;
	snprintf(p->name, sizeof(p->name), "%s", open + 1);
	return true;
}

static unsigned int own_pid(int pid)
{
	char text[4096], *at, *end;
	unsigned long own = (unsigned long)pid;

	if (read_text(pid, "status", text, sizeof(text)))
		return (unsigned int)own;
	at = strstr(text, "\nNSpid:");
	for (at = at ? at + 7 : NULL; at; at = end) {
		unsigned long n = strtoul(at, &end, 10);

		if (end == at || memchr(at, '\n', (size_t)(end - at)))
			break;
		own = n;
	}
	return (unsigned int)own;
}

static uint64_t space_of(int pid, const char *space)
{
	char path[NAME_BYTES], name[32];
	struct stat st;

	snprintf(name, sizeof(name), "ns/%s", space);
	proc_name(path, pid, name);
	return stat(path, &st) ? 0 : st.st_ino;
}

bool process_shares(const struct process *p, const char *space)
{
	uint64_t its = space_of(p->pid, space);

	return !its || its == space_of((int)getpid(), space);
}

bool process_look(int pid, struct process *ret)
{
	static const char deleted[] = " (deleted)";
	char path[NAME_BYTES];
	ssize_t n;

	*ret = (struct process){ .pid = pid };
	if (pid <= 0 || !read_stat(pid, ret))
		return false;
	ret->own_pid = own_pid(pid);
	ret->pid_space = space_of(pid, "pid");
	proc_name(path, pid, "exe");
	n = readlink(path, ret->program, sizeof(ret->program) - 1);
	ret->program[n > 0 ? n : 0] = '\0';
	n -= (ssize_t)strlen(deleted);
	if (n > 0 && !strcmp(ret->program + n, deleted))
		ret->program[n] = '\0';
	return true;
}

uint64_t process_limit(const struct process *p)
{
	static const char row[] = "\nMax open files";
	char text[4096];
	const char *at;

	if (read_text(p->pid, "limits", text, sizeof(text)))
		return 0;
	at = strstr(text, row);
	return at ? strtoull(at + strlen(row), NULL, 10) : 0;
}

static int is_pid(const struct dirent *entry)
{
	return entry->d_name[0] >= '1' && entry->d_name[0] <= '9';
}

static int by_number(const struct dirent **a, const struct dirent **b)
{
	long x = strtol((*a)->d_name, NULL, 10), y = strtol((*b)->d_name, NULL, 10);

	return (x > y) - (x < y);
}

void process_each(bool (*f)(const struct process *p, void *with), void *with)
{
	struct dirent **names;
	int n = scandir("/proc", &names, is_pid, by_number);
	bool more = true;
	struct process p;

	for (int i = 0; i < n; i++) {
		if (more && process_look((int)strtol(names[i]->d_name, NULL, 10), &p))
			more = f(&p, with);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

/* --- what is in it ---------------------------------------------------------------- */

bool process_maps(const struct process *p,
		  bool (*f)(const struct maps_line *line, void *with), void *with)
{
	int fd = process_open(p, "maps", O_RDONLY);
	FILE *from = fd >= 0 ? fdopen(fd, "r") : NULL;
	char *text = NULL;
	size_t room = 0;
	bool more = true;
	ssize_t n;

	if (!from)
		return false;
	while (more && (n = getline(&text, &room, from)) > 0) {
		struct maps_line line;

		if (text[n - 1] == '\n')
			n--;
		if (maps_parse(text, (size_t)n, &line))
			more = f(&line, with);
	}
	free(text);
	fclose(from);
	return true;
}

/* Within its root, so that a link there leads nowhere outside of it. */
static int path_within(int root, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(SYS_openat2, root, path, &how, sizeof(how));

	if (fd < 0 && (errno == ENOSYS || errno == EPERM)) /* before Linux 5.6 */
		fd = openat(root, path + strspn(path, "/"),
			    O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : (int)fd;
}

int process_file(const struct process *p, const char *path, struct stat *ret)
{
	int root, fd;

	if (!p)
		return regular_open(AT_FDCWD, path, ret);
	root = process_open(p, "root", O_PATH | O_DIRECTORY);
	if (root < 0)
		return root;
	fd = path_within(root, path);
	close(root);
	return regular_reopen(fd, ret);
}

int process_mapped(const struct process *p, const struct maps_line *line,
		   struct stat *ret)
{
	char name[64];

	snprintf(name, sizeof(name), "map_files/%lx-%lx", (unsigned long)line->start,
		 (unsigned long)line->end);
	return regular_reopen(process_open(p, name, O_PATH), ret);
}
