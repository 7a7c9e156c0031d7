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

void process_path(const struct process *p, const char *name, char ret[PROCESS_PATH])
{
	snprintf(ret, PROCESS_PATH, "/proc/%s/%s", p->below, name);
}

int process_open(const struct process *p, const char *name, int flags)
{
	char path[PROCESS_PATH];
	int fd;

	process_path(p, name, path);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* --- who it is -------------------------------------------------------------------- */

/* false: it cannot be read, or there is nothing in it. */
static bool read_text(const struct process *p, const char *name, char *ret, size_t room)
{
	int fd = process_open(p, name, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, ret, room - 1);
	close(fd);
	ret[n > 0 ? n : 0] = '\0';
	return n > 0;
}

/*
 * Its second field is the name, which may hold anything, so it is read from behind.
 * ret_ended: there is nothing left of it but its status.
 */
static bool read_stat(struct process *p, bool *ret_ended)
{
	char text[2048], *open, *end, state;
	unsigned long long start;

	if (!read_text(p, "stat", text, sizeof(text)))
		return false;
	open = strchr(text, '(');
	end = strrchr(text, ')');
	if (!open || !end || end < open ||
	    sscanf(end + 1,
		   " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
		   "%*s %*s %*s %llu",
		   &state, &start) != 2)
		return false;
	*end = '\0';
	p->start = start;
	snprintf(p->name, sizeof(p->name), "%s", open + 1);
	*ret_ended = state == 'Z' || state == 'X';
	return true;
}

static unsigned int own_pid(const struct process *p)
{
	char text[4096], *at, *end;
	unsigned long own = (unsigned long)p->pid;

	if (!read_text(p, "status", text, sizeof(text)))
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

static uint64_t space_of(const struct process *p, const char *space)
{
	char path[PROCESS_PATH], name[32];
	struct stat st;

	snprintf(name, sizeof(name), "ns/%s", space);
	process_path(p, name, path);
	return stat(path, &st) ? 0 : st.st_ino;
}

bool process_shares(const struct process *p, const char *space)
{
	uint64_t its = space_of(p, space);

	return !its || its == space_of(&(struct process){ .below = "self" }, space);
}

static void read_program(struct process *p)
{
	static const char deleted[] = " (deleted)";
	char path[PROCESS_PATH];
	ssize_t n;

	process_path(p, "exe", path);
	n = readlink(path, p->program, sizeof(p->program) - 1);
	p->program[n > 0 ? n : 0] = '\0';
	n -= (ssize_t)strlen(deleted);
	if (n > 0 && !strcmp(p->program + n, deleted))
		p->program[n] = '\0';
}

static int is_number(const struct dirent *entry)
{
	return entry->d_name[0] >= '1' && entry->d_name[0] <= '9';
}

static int by_number(const struct dirent **a, const struct dirent **b)
{
	long x = strtol((*a)->d_name, NULL, 10), y = strtol((*b)->d_name, NULL, 10);

	return (x > y) - (x < y);
}

/* Its first thread has ended: is there another, through which to look at it? */
static bool find_thread(struct process *p)
{
	char path[PROCESS_PATH];
	struct dirent **names;
	bool found = false;
	int n;

	process_path(p, "task", path);
	n = scandir(path, &names, is_number, by_number);
	for (int i = 0; i < n; i++) {
		struct process thread = { .pid = p->pid };
		bool ended;

		snprintf(thread.below, sizeof(thread.below), "%d/task/%ld", p->pid,
			 strtol(names[i]->d_name, NULL, 10));
		if (!found && read_stat(&thread, &ended) && !ended) {
			memcpy(p->below, thread.below, sizeof(p->below));
			found = true;
		}
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return found;
}

bool process_look(int pid, struct process *ret)
{
	bool ended;

	*ret = (struct process){ .pid = pid };
	snprintf(ret->below, sizeof(ret->below), "%d", pid);
	if (pid <= 0 || !read_stat(ret, &ended))
		return false;
	ret->own_pid = own_pid(ret);
	if (ended && !find_thread(ret))
		return false;
	ret->pid_space = space_of(ret, "pid");
	read_program(ret);
	return true;
}

bool process_setting(const struct process *p, const char *name, char *ret, size_t room)
{
	int fd = process_open(p, "environ", O_RDONLY);
	FILE *from = fd >= 0 ? fdopen(fd, "r") : NULL;
	size_t length = strlen(name), size = 0;
	char *text = NULL;
	bool found = false;

	while (from && !found && getdelim(&text, &size, '\0', from) > 0) {
		found = !strncmp(text, name, length) && text[length] == '=' &&
			strlen(text + length + 1) < room;
		if (found)
			strcpy(ret, text + length + 1);
	}
	free(text);
	if (from)
		fclose(from);
	return found;
}

uint64_t process_limit(const struct process *p)
{
	static const char row[] = "\nMax open files";
	char text[4096];
	const char *at;

	if (!read_text(p, "limits", text, sizeof(text)))
		return 0;
	at = strstr(text, row);
	return at ? strtoull(at + strlen(row), NULL, 10) : 0;
}

void process_each(bool (*f)(const struct process *p, void *with), void *with)
{
	struct dirent **names;
	int n = scandir("/proc", &names, is_number, by_number);
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
	long fd = syscall(__NR_openat2, root, path, &how, sizeof(how));

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
