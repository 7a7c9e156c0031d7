/* SPDX-License-Identifier: MIT */
/* everywhere: /etc/ld.so.preload, all of it or nothing; see everywhere.h. */
#include "cli/everywhere.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/preloaded.h"
#include "cli/swap.h"
#include "cli/trial.h"
#include "cli/trust.h"

#define LIST "/etc/ld.so.preload"
#define MOST 65536
#define PATIENCE_MS 10000
#define OBJECT "/libtfoshim.so"
#define LOADER_32 "/lib/ld-linux.so.2"

static const char *const shell[] = { "/bin/sh", "-c", ":", NULL };
static const char *const maps[] = { "cat", "/proc/self/maps", NULL };

/* Half a sentence about a list that could not be read or exchanged. */
static void say_why(int err)
{
	int flags = 0, fd = open(LIST, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0 && ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
		flags = 0;
	if (fd >= 0)
		close(fd);
	if (err == -EPERM && flags & (FS_IMMUTABLE_FL | FS_APPEND_FL))
		say_error(LIST " may not be changed (chattr +%c); nothing was changed",
			  flags & FS_IMMUTABLE_FL ? 'i' : 'a');
	else if (err == -EMLINK)
		say_error(LIST " has other names (hard links), which an exchange would "
			       "part; nothing was changed");
	else if (err == -ETIMEDOUT)
		say_error("somebody else holds the lock of the directory of " LIST
			  "; nothing was changed");
	else if (err == -ELOOP || err == -EINVAL)
		say_error(LIST " is no regular file; nothing was changed");
	else
		say_error(LIST ": %s; nothing was changed", strerror(-err));
}

/* What is said now and was not said before; NULL: nothing. */
static const char *new_line(const char *now, const char *before)
{
	size_t n;

	for (; *now; now += n + (now[n] == '\n')) {
		n = strcspn(now, "\n");
		if (!memmem(before, strlen(before), now, n))
			return now;
	}
	return NULL;
}

/* Two programs start under `preload` (NULL: as things are) as they did before. */
static bool is_borne(const char *preload, const struct trial *before)
{
	struct trial now;
	const char *why = NULL;
	int status = trial_run(shell, preload, PATIENCE_MS, &now);

	if (status == 0) {
		why = new_line(now.noise, before->noise);
		if (!why)
			status = trial_run(maps, preload, PATIENCE_MS, &now);
	}
	if (!why && status == 0 && !strstr(now.out, OBJECT))
		why = "the loader of this system did not load it";
	if (why)
		say_error("a program that was started with it says: %.*s",
			  (int)strcspn(why, "\n"), why);
	else if (status)
		say_error("a program that was started with it %s",
			  status == -ETIMEDOUT	? "does not end"
			  : WIFSIGNALED(status) ? "is killed by a signal"
						: "fails");
	return !why && !status;
}

/* Once it is there: what a program does now decides whether it stays. */
static int commit(struct swap *s, const char *text, const char *object,
		  const struct trial *before)
{
	int err = swap_put(s, text, strlen(text));

	if (err) {
		say_why(err);
		return STATUS_SELF;
	}
	if (is_borne("", before)) {
		printf("%s stands in " LIST
		       ": programs that start from now on have it\n",
		       object);
		if (access(LOADER_32, F_OK) == 0)
			printf("programs of 32 bits will complain of it on stderr, and "
			       "run "
			       "without it\n");
		return STATUS_OK;
	}
	err = swap_back(s);
	if (err)
		say_error(LIST " could not be put back: %s; take %s out of it by hand",
			  strerror(-err), object);
	else
		say_error(LIST " is as it was before");
	return STATUS_SELF;
}

static int try_and_commit(struct swap *s, char *text, const char *object, bool dry)
{
	struct trial before;

	if (trial_run(shell, "", PATIENCE_MS, &before)) {
		say_error("a shell does not even start as things are; nothing was "
			  "changed");
		return STATUS_SELF;
	}
	if (!is_borne(object, &before)) {
		say_error(LIST " was not changed");
		return STATUS_SELF;
	}
	if (!dry)
		return commit(s, text, object, &before);
	printf("# " LIST " would be:\n%s", text);
	return STATUS_OK;
}

/* One of ours that is there and may be read: nothing is to be done. */
static bool has_ours(const struct swap *s)
{
	struct preloaded list = { s->old, s->old_n };
	size_t at = 0, n;
	const char *name;
	char path[PATH_MAX];

	while (s->old && (name = preloaded_next(&list, &at, &n))) {
		if (n >= sizeof(path) || !preloaded_is_ours(name, n))
			continue;
		snprintf(path, sizeof(path), "%.*s", (int)n, name);
		if (access(path, R_OK) == 0) {
			printf("%s stands in " LIST " already\n", path);
			return true;
		}
	}
	return false;
}

/* What names one that is gone is dropped: every program complains of it. */
static char *compose(const struct swap *s, const char *object)
{
	struct preloaded list = { s->old ? s->old : "", s->old_n };
	char *clean = preloaded_without(&list, &list.n), *text = NULL;

	if (clean) {
		list.text = clean;
		text = preloaded_with(&list, object, !s->old);
	}
	free(clean);
	return text;
}

static int install(const char *object, bool dry)
{
	struct swap s;
	int err = swap_begin(&s, LIST, MOST), status = STATUS_SELF;
	char *text = NULL;

	if (err) {
		say_why(err);
		return STATUS_SELF;
	}
	if (s.old && memchr(s.old, '\0', s.old_n))
		say_error(LIST " is no text; nothing was changed");
	else if (has_ours(&s))
		status = STATUS_OK;
	else if (!(text = compose(&s, object)))
		say_error("out of memory; nothing was changed");
	else
		status = try_and_commit(&s, text, object, dry);
	free(text);
	swap_end(&s);
	return status;
}

/* A Control-C between the steps would leave them half done. */
static void hold_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

int everywhere_install(bool dry)
{
	char object[PATH_MAX];
	TEXT(why, PATH_MAX + 64);

	if (object_find(object, sizeof(object))) {
		say_error("libtfoshim.so is neither beside tfo nor in %s, or in a "
			  "place that "
			  "LD_PRELOAD cannot name; nothing was changed",
			  TFOSHIM_LIBDIR);
		return STATUS_SELF;
	}
	if (strpbrk(object, "#\t\n")) {
		say_error(LIST " cannot name %s; nothing was changed", object);
		return STATUS_SELF;
	}
	if (!trust_file(object, &why)) {
		say_error(
			"%s, and it would be loaded into programs of root; nothing was "
			"changed",
			why.at);
		return STATUS_SELF;
	}
	hold_signals();
	return say_done(install(object, dry));
}

static int drop(struct swap *s, const char *text, size_t n, bool gone, bool dry)
{
	int err = dry ? 0 : swap_put(s, gone ? NULL : text, n);

	if (err) {
		say_why(err);
		return STATUS_SELF;
	}
	if (dry && gone)
		printf("# " LIST " would be removed\n");
	else if (dry)
		printf("# " LIST " would be:\n%s", text);
	else
		printf("libtfoshim.so is out of " LIST
		       ": programs that run keep it until they end\n");
	return STATUS_OK;
}

int everywhere_uninstall(bool dry)
{
	struct swap s;
	int err = swap_begin(&s, LIST, MOST), status = STATUS_SELF;
	size_t n = 0;
	char *text;

	if (err) {
		say_why(err);
		return STATUS_SELF;
	}
	hold_signals();
	text = s.old ? preloaded_without(&(struct preloaded){ s.old, s.old_n }, &n)
		     : NULL;
	if (s.old && !text) {
		say_error("out of memory; nothing was changed");
	} else if (!s.old || n == s.old_n) {
		printf("libtfoshim.so does not stand in " LIST "\n");
		status = STATUS_OK;
	} else {
		status = drop(&s, text, n, !n && s.old[0] != '\n', dry);
	}
	free(text);
	swap_end(&s);
	return say_done(status);
}
