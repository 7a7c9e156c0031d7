/* SPDX-License-Identifier: MIT */
/*
 * object: knows where libtfoshim.so is, how it gets into LD_PRELOAD, and whether a
 * program starts with it. It is never sought in the current directory: whoever could
 * write there could write into every program started from there.
 */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/elf.h"

#define NAME "libtfoshim.so"
#define PATIENCE_MS 5000

/* The directory of the running tfo itself, without the final '/'. */
static bool own_directory(char *ret_path, size_t size)
{
	ssize_t len = readlink("/proc/self/exe", ret_path, size - 1);
	const char *given = (const char *)getauxval(AT_EXECFN);
	char *slash;

	if (len < 0 && given && given[0] == '/') /* there is no /proc */
		len = snprintf(ret_path, size, "%s", given);
	if (len <= 0 || (size_t)len >= size - 1)
		return false;
	ret_path[len] = '\0';
	slash = strrchr(ret_path, '/');
	if (!slash)
		return false;
	*slash = '\0';
	return true;
}

static bool is_there(const char *directory, const char *below, char *ret_path,
		     size_t size)
{
	int len = snprintf(ret_path, size, "%s/%s" NAME, directory, below);

	return len > 0 && (size_t)len < size && access(ret_path, R_OK) == 0;
}

int object_find(char *ret_path, size_t size)
{
	char own[PATH_MAX];
	bool have_own = own_directory(own, sizeof(own));
	struct statvfs on;

	if (!(have_own && is_there(own, "", ret_path, size)) &&
	    !(have_own && is_there(own, ".libs/", ret_path, size)) &&
	    !is_there(TFOSHIM_LIBDIR, "", ret_path, size))
		return -ENOENT;
	if (strpbrk(ret_path, ": "))
		return -EINVAL;
	return statvfs(ret_path, &on) == 0 && on.f_flag & ST_NOEXEC ? -EACCES : 0;
}

bool object_is_good(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool answer;

	if (fd < 0)
		return false;
	answer = elf_is_object(fd);
	close(fd);
	return answer;
}

bool object_is_off(void)
{
	const char *off = getenv("TFOSHIM_OFF");

	return off && *off && strcmp(off, "0");
}

bool object_is_in(const char *preload)
{
	char path[PATH_MAX];
	const char *name;
	size_t len;

	for (; *preload; preload += len) {
		preload += strspn(preload, ": ");
		len = strcspn(preload, ": ");
		if (len < sizeof(NAME) - 1 || len >= sizeof(path))
			continue;
		memcpy(path, preload, len);
		path[len] = '\0';
		name = strrchr(path, '/');
		/* '$': the loader puts $LIB and $ORIGIN in, we believe it. */
		if (name && !strcmp(name + 1, NAME) &&
		    (strchr(path, '$') || access(path, R_OK) == 0))
			return true;
	}
	return false;
}

char *object_before(const char *path, const char *preload)
{
	char *value;

	if (preload && object_is_in(preload))
		return strdup(preload);
	if (asprintf(&value, "%s%s%s", path, preload && *preload ? ":" : "",
		     preload ? preload : "") < 0)
		return NULL;
	return value;
}

/* In the child, between fork and exec. */
static void become(const char *path, const char *program, int noise)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(noise, STDERR_FILENO);
	setenv("LD_PRELOAD", path, 1);
	unsetenv("TFOSHIM_LOG");
	unsetenv("TFOSHIM_OFF");
	execl(program, program, (char *)NULL);
	_exit(STATUS_MISSING);
}

static int left_of(const struct timespec *start)
{
	struct timespec now;
	long gone;

	clock_gettime(CLOCK_MONOTONIC, &now);
	gone = (now.tv_sec - start->tv_sec) * 1000 +
	       (now.tv_nsec - start->tv_nsec) / 1000000;
	return gone < PATIENCE_MS ? (int)(PATIENCE_MS - gone) : 0;
}

/* Until its end of file: false when it did not come in time. */
static bool listen_to(int fd, char *ret_noise, size_t size)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	struct timespec start;
	char drop[256];
	size_t have = 0;
	ssize_t got;

	ret_noise[0] = '\0';
	clock_gettime(CLOCK_MONOTONIC, &start);
	while (poll(&wait, 1, left_of(&start)) > 0) {
		got = have + 1 < size ? read(fd, ret_noise + have, size - have - 1)
				      : read(fd, drop, sizeof(drop));
		if (got <= 0)
			return true;
		if (have + 1 < size)
			have += (size_t)got;
		ret_noise[have] = '\0';
	}
	return false;
}

int object_try(const char *path, const char *program, char *ret_noise, size_t size)
{
	int noise[2], status;
	bool ended;
	pid_t pid;

	if (pipe2(noise, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid == 0)
		become(path, program, noise[1]);
	close(noise[1]);
	if (pid < 0) {
		close(noise[0]);
		return -EAGAIN;
	}
	ended = listen_to(noise[0], ret_noise, size);
	close(noise[0]);
	if (!ended)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return ended ? status : -ETIMEDOUT;
}
