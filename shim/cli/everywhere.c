/* SPDX-License-Identifier: MIT */
/* everywhere: /etc/ld.so.preload, all of it or nothing; see everywhere.h. */
#include "cli/everywhere.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/borne.h"
#include "cli/cli.h"
#include "cli/preloaded.h"
#include "cli/trust.h"

#define LIST "/etc/ld.so.preload"
#define MOST 65536
#define LOADER_32 "/lib/ld-linux.so.2"

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
		say_error("another tfo has been at work on " LIST
			  " for ten seconds; nothing was changed");
	else if (err == -ESTALE)
		say_error("somebody else has changed " LIST
			  " in the meantime; nothing was changed");
	else if (err == -ELOOP || err == -EINVAL)
		say_error(LIST " is no regular file; nothing was changed");
	else
		say_error(LIST ": %s; nothing was changed", strerror(-err));
}

/*
 * Once it is there: what a program does now decides whether it stays. Where it could be
 * rehearsed that is known already.
 */
static int commit(struct swap *s, const char *object, const struct trial *before)
{
	int err = swap_put(s);

	if (err) {
		say_why(err);
		return STATUS_SELF;
	}
	if (borne_now("", before)) {
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
			  err == -ESTALE ? "somebody else has changed it"
					 : strerror(-err),
			  object);
	else
		say_error(LIST " is as it was before");
	return STATUS_SELF;
}

/* An empty list is as good as none: it gives the drafted one a place to be tried in. */
static int rehearse_and_commit(struct swap *s, const char *text, const char *object,
			       const struct trial *before)
{
	int err = swap_draft(s, text, strlen(text));

	if (!err)
		err = swap_stand_in(s);
	if (err) {
		say_why(err);
		return STATUS_SELF;
	}
	if (borne_rehearse(s) == BORNE_NOT) {
		say_error(LIST " was not changed");
		return STATUS_SELF;
	}
	return commit(s, object, before);
}

static int try_and_commit(struct swap *s, const char *text, const char *object,
			  bool dry)
{
	struct trial before;

	if (!borne_before(&before)) {
		say_error("a shell does not even start as things are; nothing was "
			  "changed");
		return STATUS_SELF;
	}
	if (!borne_now(object, &before)) {
		say_error(LIST " was not changed");
		return STATUS_SELF;
	}
	if (!dry)
		return rehearse_and_commit(s, text, object, &before);
	printf("# " LIST " would be:\n%s", text);
	return STATUS_OK;
}

static bool names_ours(const struct swap *s)
{
	struct preloaded list = { s->old ? s->old : "", s->old_n };
	const char *name;
	size_t at = 0, n;

	while ((name = preloaded_next(&list, &at, &n)))
		if (preloaded_is_ours(name, n))
			return true;
	return false;
}

/* One of ours that programs do start with, as with one that would be put there now. */
static bool has_ours(const struct swap *s)
{
	char path[PATH_MAX];
	TEXT(why, PATH_MAX + 64);

	if (!names_ours(s))
		return false;
	if (borne_path(path, &why)) {
		printf("%s stands in " LIST " already\n", path);
		return true;
	}
	say_error("what stands in " LIST " already will not do: %s", why.at);
	return false;
}

/*
 * One that will not do is dropped: every program complains of it, or worse. A list of
 * nothing else is as good as none.
 */
static char *compose(const struct swap *s, const char *object)
{
	struct preloaded list = { s->old ? s->old : "", s->old_n };
	char *clean = preloaded_without(&list, &list.n), *text = NULL;

	if (clean) {
		list.text = clean;
		text = preloaded_with(&list, object, !s->old || (s->old_n && !list.n));
	}
	free(clean);
	return text;
}

/* Who may not change it may find that it is as it has to be. */
static int begin(struct swap *s, bool dry)
{
	int err = swap_begin(s, LIST, MOST, dry);

	if (err == -EACCES || err == -EPERM || err == -EROFS)
		err = swap_begin(s, LIST, MOST, true);
	return err;
}

static int install(const char *object, bool dry)
{
	struct swap s;
	int err = begin(&s, dry), status = STATUS_SELF;
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
	return install(object, dry);
}

static int drop(struct swap *s, const char *text, size_t n, bool gone, bool dry)
{
	int err = dry || gone ? 0 : swap_draft(s, text, n);

	if (!err && !dry)
		err = swap_put(s);
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
	int err = begin(&s, dry), status = STATUS_SELF;
	size_t n = 0;
	char *text;

	if (err) {
		say_why(err);
		return STATUS_SELF;
	}
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
	return status;
}

void everywhere_check(struct findings *findings)
{
	static const char row[] = "ld.so.preload";
	struct swap s;
	char path[PATH_MAX];
	TEXT(why, PATH_MAX + 64);

	if (swap_begin(&s, LIST, MOST, true))
		return;
	if (names_ours(&s) && borne_path(path, &why)) {
		findings_tell(findings, LEVEL_OK, row,
			      "%s stands in it: every program starts with it", path);
	} else if (names_ours(&s)) {
		findings_tell(findings, LEVEL_WARN, row,
			      "what stands in it will not do: %s", why.at);
		findings_mend(findings, geteuid() ? "as root" : NULL,
			      "tfo install --ld-so-preload", NULL);
	}
	swap_end(&s);
}
