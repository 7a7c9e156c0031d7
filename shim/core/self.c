/* SPDX-License-Identifier: MIT */
/* self: which program this process runs; see self.h. */
#include "core/self.h"

#include <fcntl.h>
#include <linux/limits.h>
#include <sys/stat.h>

#include "core/sys.h"
#include "core/text.h"

static char path[PATH_MAX];
static int name_at;

void self_find(void)
{
	long n = sys4(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", path,
		      sizeof(path) - 1);

	path[n > 0 ? n : 0] = '\0';
	name_at = 0;
	for (int i = 0; path[i]; i++)
		if (path[i] == '/')
			name_at = i + 1;
}

const char *self_path(void)
{
	return path;
}

const char *self_name(void)
{
	return path + name_at;
}

static void read_stat(char *room, size_t n)
{
	int fd = (int)sys4(SYS_openat, AT_FDCWD, "/proc/self/stat",
			   O_RDONLY | O_CLOEXEC, 0);
	long got = fd;

	if (fd >= 0) {
		got = sys3(SYS_read, fd, room, n - 1);
		sys_close(fd);
	}
	room[got > 0 ? got : 0] = '\0';
}

/* Field 22 of proc(5)'s stat; the second, in parentheses, may hold anything. */
static uint64_t start_time(void)
{
	char room[1024];
	const char *at = room, *s;
	uint64_t ret = 0;

	read_stat(room, sizeof(room));
	for (s = room; *s; s++)
		if (*s == ')')
			at = s;
	for (int field = 2; *at && field < 22; at++)
		field += *at == ' ';
	return text_number(at, &ret) ? ret : 0;
}

void self_process(struct self_process *ret)
{
	struct stat st;
	bool is_known = !sys4(SYS_newfstatat, AT_FDCWD, "/proc/self/ns/pid", &st, 0);

	ret->pid = (uint32_t)sys1(SYS_getpid, 0);
	ret->start = start_time();
	ret->pid_space = is_known ? (uint64_t)st.st_ino : 0;
}
