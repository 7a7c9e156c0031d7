/* SPDX-License-Identifier: MIT */
/*
 * object: knows where libtfoshim.so is, and how it gets into LD_PRELOAD. It is never
 * sought in the current directory: whoever could write there could write into every
 * program started from there.
 */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/elf.h"

#define NAME "libtfoshim.so"

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
