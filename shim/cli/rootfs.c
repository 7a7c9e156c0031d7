/* SPDX-License-Identifier: MIT */
/* rootfs: /tfoshim in the root of a container; see rootfs.h. */
#include "cli/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/alone.h"
#include "cli/bring.h"
#include "cli/cli.h"
#include "core/elf.h"

static const char *const ours[] = { ROOTFS_OBJECT, ROOTFS_LAUNCHER };

/* Beside the object, or where the tree has it beside the build. */
static bool find_beside(const char *object, const char *name, char *ret, size_t size)
{
	static const char *const below[] = { "", "../", "../wrappers/" };
	int len = (int)(strrchr(object, '/') - object);

	for (size_t i = 0; i < sizeof(below) / sizeof(*below); i++) {
		snprintf(ret, size, "%.*s/%s%s", len, object, below[i], name);
		if (access(ret, R_OK) == 0)
			return true;
	}
	snprintf(ret, size, TFOSHIM_LIBDIR "/%s", name);
	return access(ret, R_OK) == 0;
}

int rootfs_sources(char *ret_launcher, char *ret_object, size_t size,
		   bool *ret_is_script)
{
	if (object_find(ret_object, size) == -ENOENT) {
		say_error("libtfoshim.so is neither beside tfo nor in %s; nothing was "
			  "changed",
			  TFOSHIM_LIBDIR);
		return STATUS_SELF;
	}
	*ret_is_script = false;
	if (alone_is()) {
		snprintf(ret_launcher, size, "/proc/self/exe");
		return STATUS_OK;
	}
	if (find_beside(ret_object, "tfo-static", ret_launcher, size))
		return STATUS_OK;
	*ret_is_script = true;
	if (find_beside(ret_object, "container-entrypoint", ret_launcher, size))
		return STATUS_OK;
	say_error("neither tfo-static nor container-entrypoint is beside libtfoshim.so "
		  "or in "
		  "%s; nothing was changed",
		  TFOSHIM_LIBDIR);
	return STATUS_SELF;
}

/* Nobody's symbolic link leads us out of the root. ret_lock: NULL without one. */
static int open_ours(const char *directory, bool make, int *ret_lock)
{
	int root = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd;

	if (root < 0)
		return -errno;
	if (make && mkdirat(root, ROOTFS_OURS, 0755) < 0 && errno != EEXIST)
		fd = -errno;
	else if ((fd = openat(root, ROOTFS_OURS,
			      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0)
		fd = -errno;
	close(root);
	if (fd < 0 || !ret_lock)
		return fd;
	*ret_lock = bring_lock_take(fd);
	if (*ret_lock < 0)
		close(fd);
	return *ret_lock < 0 ? *ret_lock : fd;
}

int rootfs_fill(const char *directory, const char *launcher, const char *object,
		bool *ret_changed, const char **ret_name)
{
	const char *from[] = { object, launcher };
	int err = 0, lock, fd = open_ours(directory, true, &lock);
	bool changed;

	*ret_changed = false;
	*ret_name = "";
	if (fd < 0)
		return fd;
	bring_sweep(fd);
	/* Whatever the umask is, any user starts from there; a volume is another's. */
	if (fchmod(fd, 0755) < 0 && errno != EPERM)
		err = -errno;
	for (size_t i = 0; !err && i < sizeof(ours) / sizeof(*ours); i++) {
		*ret_name = ours[i];
		err = bring_file(fd, ours[i], from[i], 0755, &changed);
		*ret_changed = *ret_changed || changed;
	}
	bring_lock_drop(fd, lock);
	close(fd);
	return err;
}

static void say_next(const char *directory, bool is_script)
{
	printf("%s/" ROOTFS_OURS " holds libtfoshim.so and " ROOTFS_LAUNCHER
	       "%s.\nIn front of the container's command stands /" ROOTFS_OURS
	       "/" ROOTFS_LAUNCHER " now, as in\n"
	       "    podman run --sysctl net.ipv4.tcp_fastopen=3 --rootfs DIR "
	       "/" ROOTFS_OURS "/" ROOTFS_LAUNCHER " COMMAND\n",
	       directory, is_script ? ", a script for /bin/sh" : "");
}

/* By its shell: on another machine our launcher would not even start. */
static bool is_of_others(const char *directory)
{
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
				.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	int root = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long fd = syscall(__NR_openat2, root, "bin/sh", &how, sizeof(how));
	char loader[PATH_MAX];
	bool others = fd >= 0 && elf_read((int)fd, loader) == ELF_OTHER_CLASS;

	if (fd >= 0)
		close((int)fd);
	if (root >= 0)
		close(root);
	if (others)
		say_error("%s/bin/sh is for another machine than this tfo; nothing was "
			  "changed",
			  directory);
	return others;
}

int rootfs_install(const char *directory, bool dry)
{
	char launcher[PATH_MAX], object[PATH_MAX];
	bool is_script, changed;
	int status = rootfs_sources(launcher, object, sizeof(object), &is_script), err;
	const char *name;

	if (!status && is_of_others(directory))
		status = STATUS_FINDING;
	if (status)
		return status;
	if (dry) {
		printf("# %s/" ROOTFS_OURS "/" ROOTFS_OBJECT " would be %s\n",
		       directory, object);
		printf("# %s/" ROOTFS_OURS "/" ROOTFS_LAUNCHER " would be %s\n",
		       directory, launcher);
		return STATUS_OK;
	}
	err = rootfs_fill(directory, launcher, object, &changed, &name);
	if (err) {
		say_error("%s/" ROOTFS_OURS "%s%s: %s", directory, *name ? "/" : "",
			  name, strerror(-err));
		return STATUS_SELF;
	}
	if (!changed)
		printf("%s/" ROOTFS_OURS " was there already, and is as it has to be\n",
		       directory);
	else
		say_next(directory, is_script);
	return STATUS_OK;
}

/* What others put there stays. */
static int empty(int fd, const char *directory)
{
	bring_sweep(fd);
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++) {
		if (unlinkat(fd, ours[i], 0) == 0 || errno == ENOENT)
			continue;
		say_error("%s/" ROOTFS_OURS "/%s: %s", directory, ours[i],
			  strerror(errno));
		return STATUS_SELF;
	}
	return STATUS_OK;
}

static int remove_directory(const char *directory)
{
	int root = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = root < 0 || unlinkat(root, ROOTFS_OURS, AT_REMOVEDIR) < 0 ? errno : 0;

	if (root >= 0)
		close(root);
	if (!err) {
		printf("%s/" ROOTFS_OURS " is gone\n", directory);
		return STATUS_OK;
	}
	if (err == ENOTEMPTY)
		say_error("%s/" ROOTFS_OURS " holds files that are not ours; they stay",
			  directory);
	else
		say_error("%s/" ROOTFS_OURS ": %s", directory, strerror(err));
	return err == ENOTEMPTY ? STATUS_FINDING : STATUS_SELF;
}

int rootfs_uninstall(const char *directory, bool dry)
{
	int lock = -1, fd = open_ours(directory, false, dry ? NULL : &lock), status;

	if (fd == -ENOENT) {
		printf("%s has no /" ROOTFS_OURS "\n", directory);
		return STATUS_OK;
	}
	if (fd < 0) {
		say_error("%s/" ROOTFS_OURS ": %s", directory, strerror(-fd));
		return STATUS_SELF;
	}
	if (dry) {
		printf("# %s/" ROOTFS_OURS " would be removed\n", directory);
		status = STATUS_OK;
	} else {
		status = empty(fd, directory);
		bring_lock_drop(fd, lock);
		if (!status)
			status = remove_directory(directory);
	}
	close(fd);
	return status;
}
