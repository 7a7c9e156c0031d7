/* SPDX-License-Identifier: MIT */
/* rootfs: /tfoshim in the root of a container; see rootfs.h. */
#include "cli/rootfs.h"

#include <dirent.h>
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

#define TRIES 8
#define OURS 2

static const char *const ours[OURS] = { ROOTFS_OBJECT, ROOTFS_LAUNCHER };

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

/* Nobody's symbolic link leads us out of the root. */
static int open_ours(const char *directory, bool make)
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
	return fd;
}

/* Who removes it may do so before we have the lock. */
static int open_locked(const char *directory, bool make, int *ret_lock)
{
	int fd = -ENOENT;

	for (int i = 0; i < TRIES && fd == -ENOENT; i++) {
		fd = open_ours(directory, make);
		if (fd < 0)
			continue;
		*ret_lock = bring_lock_take(fd);
		if (*ret_lock >= 0)
			continue;
		close(fd);
		fd = *ret_lock;
	}
	return fd;
}

/* Only where there is nothing in it: an empty one is nobody's. 0, or an errno. */
static int remove_ours(const char *directory)
{
	int root = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = root < 0 || unlinkat(root, ROOTFS_OURS, AT_REMOVEDIR) < 0 ? errno : 0;

	if (root >= 0)
		close(root);
	return err;
}

/* All of them or none: drafts first. */
static int bring(int fd, const char *const from[], bool *ret_changed,
		 const char **ret_name)
{
	char drafts[OURS][BRING_DRAFT_SIZE];
	int err = 0;

	for (size_t i = 0; !err && i < OURS; i++) {
		*ret_name = ours[i];
		err = bring_file(fd, ours[i], from[i], 0755, drafts[i]);
	}
	/* Whatever the umask is, any user starts from there; a volume is another's. */
	if (!err && fchmod(fd, 0755) < 0 && errno != EPERM)
		err = -errno;
	for (size_t i = 0; !err && i < OURS; i++)
		if (*drafts[i]) {
			*ret_name = ours[i];
			err = renameat(fd, drafts[i], fd, ours[i]) < 0 ? -errno : 0;
			*ret_changed = *ret_changed || !err;
		}
	return err;
}

int rootfs_fill(const char *directory, const char *launcher, const char *object,
		bool *ret_changed, const char **ret_name)
{
	const char *const from[] = { object, launcher };
	int lock, fd = open_locked(directory, true, &lock), err;

	*ret_changed = false;
	*ret_name = "";
	if (fd >= 0) {
		bring_sweep(fd);
		err = bring(fd, from, ret_changed, ret_name);
		bring_sweep(fd);
		bring_lock_drop(fd, lock);
		close(fd);
	} else {
		err = fd;
	}
	if (err)
		remove_ours(directory);
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

/* By its shell: on another machine our launcher would not even start. An exit status.
 */
static int check_machine(const char *directory)
{
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
				.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	int root = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char loader[PATH_MAX];
	bool others;
	long fd;

	if (root < 0) {
		say_error("%s: %s; nothing was changed", directory, strerror(errno));
		return STATUS_SELF;
	}
	fd = syscall(__NR_openat2, root, "bin/sh", &how, sizeof(how));
	others = fd >= 0 && elf_read((int)fd, loader) == ELF_OTHER_CLASS;
	if (fd >= 0)
		close((int)fd);
	close(root);
	if (others)
		say_error("%s/bin/sh is for another machine than this tfo; nothing was "
			  "changed",
			  directory);
	return others ? STATUS_FINDING : STATUS_OK;
}

static int say_failed(const char *directory, const char *name, int err, bool changed)
{
	say_error("%s/" ROOTFS_OURS "%s%s: %s%s", directory, *name ? "/" : "", name,
		  strerror(-err), changed ? "" : "; nothing was changed");
	return STATUS_SELF;
}

static void say_there(const char *directory)
{
	printf("%s/" ROOTFS_OURS " was there already, and is as it has to be\n",
	       directory);
}

static int rehearse(const char *directory, const char *launcher, const char *object)
{
	const char *const from[] = { object, launcher };
	int fd = open_ours(directory, false), is_new = 1;
	bool any = false;

	if (fd < 0 && fd != -ENOENT)
		return say_failed(directory, "", fd, false);
	for (size_t i = 0; is_new >= 0 && i < OURS; i++) {
		if (fd >= 0)
			is_new = bring_is_new(fd, ours[i], from[i], 0755);
		if (is_new > 0)
			printf("# %s/" ROOTFS_OURS "/%s would be %s\n", directory,
			       ours[i], from[i]);
		else if (is_new < 0)
			say_failed(directory, ours[i], is_new, false);
		any = any || is_new;
	}
	if (fd >= 0)
		close(fd);
	if (!any)
		say_there(directory);
	return is_new < 0 ? STATUS_SELF : STATUS_OK;
}

int rootfs_install(const char *directory, bool dry)
{
	char launcher[PATH_MAX], object[PATH_MAX];
	bool is_script, changed;
	int status = rootfs_sources(launcher, object, sizeof(object), &is_script), err;
	const char *name;

	if (!status)
		status = check_machine(directory);
	if (status)
		return status;
	if (dry)
		return rehearse(directory, launcher, object);
	err = rootfs_fill(directory, launcher, object, &changed, &name);
	if (err)
		return say_failed(directory, name, err, changed);
	if (!changed)
		say_there(directory);
	else
		say_next(directory, is_script);
	return STATUS_OK;
}

/* What others put there stays. */
static int empty(int fd, const char *directory)
{
	bring_sweep(fd);
	for (size_t i = 0; i < OURS; i++) {
		if (unlinkat(fd, ours[i], 0) == 0 || errno == ENOENT)
			continue;
		say_error("%s/" ROOTFS_OURS "/%s: %s", directory, ours[i],
			  strerror(errno));
		return STATUS_SELF;
	}
	return STATUS_OK;
}

static int tell_gone(const char *directory, int err, bool dry)
{
	if (!err) {
		printf(dry ? "# %s/" ROOTFS_OURS " would be removed\n"
			   : "%s/" ROOTFS_OURS " is gone\n",
		       directory);
		return STATUS_OK;
	}
	if (err == ENOTEMPTY)
		say_error("%s/" ROOTFS_OURS " holds files that are not ours; they stay",
			  directory);
	else
		say_error("%s/" ROOTFS_OURS ": %s", directory, strerror(err));
	return err == ENOTEMPTY ? STATUS_FINDING : STATUS_SELF;
}

/* What is not ours, and would keep the directory. */
static bool holds_others(int fd)
{
	DIR *all = fdopendir(dup(fd));
	struct dirent *one;
	bool others = false;

	while (all && !others && (one = readdir(all)))
		others = strcmp(one->d_name, ".") && strcmp(one->d_name, "..") &&
			 strcmp(one->d_name, ROOTFS_OBJECT) &&
			 strcmp(one->d_name, ROOTFS_LAUNCHER) &&
			 !bring_is_left(one->d_name);
	if (all)
		closedir(all);
	return others;
}

int rootfs_uninstall(const char *directory, bool dry)
{
	int lock = -1, status;
	int fd = dry ? open_ours(directory, false)
		     : open_locked(directory, false, &lock);

	if (fd == -ENOENT) {
		printf("%s has no /" ROOTFS_OURS "\n", directory);
		return STATUS_OK;
	}
	if (fd < 0) {
		say_error("%s/" ROOTFS_OURS ": %s", directory, strerror(-fd));
		return STATUS_SELF;
	}
	if (dry) {
		status = tell_gone(directory, holds_others(fd) ? ENOTEMPTY : 0, true);
	} else {
		status = empty(fd, directory);
		bring_lock_drop(fd, lock);
		if (!status)
			status = tell_gone(directory, remove_ours(directory), false);
	}
	close(fd);
	return status;
}
