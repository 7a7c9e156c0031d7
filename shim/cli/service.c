/* SPDX-License-Identifier: MIT */
/* service: a drop-in for a service of systemd; see service.h. */
#include "cli/service.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/bring.h"
#include "cli/cli.h"
#include "cli/regular.h"
#include "cli/trial.h"
#include "cli/trust.h"
#include "cli/unit.h"
#include "cli/unitfile.h"
#include "core/target.h"

#define MOST 65536
#define PATIENCE_MS 90000
#define MARK "# tfo install --systemd "
#define MADE "# with this directory\n"

static void directory_of(const struct unit *u, char *ret, size_t size)
{
	snprintf(ret, size, UNIT_ETC "/%s.d", u->name);
}

/* Where it runs, systemd has read the old files: it is asked to look again. */
static int reload(const struct unit *u, const char *then)
{
	static const char *const words[] = { "systemctl", "daemon-reload", NULL };
	struct trial got;

	if (access("/run/systemd/system", F_OK) < 0)
		return STATUS_OK;
	if (trial_run(words, NULL, PATIENCE_MS, &got) == 0) {
		printf("systemctl restart %s %s\n", u->name, then);
		return STATUS_OK;
	}
	say_error("systemctl daemon-reload failed: %.300s; until it is done nothing "
		  "changes",
		  got.noise);
	return STATUS_SELF;
}

/* false: why a preloaded object would be of no use to it has been said. */
static bool can_gain(const struct unit *u)
{
	char sentence[TARGET_SENTENCE];
	struct target *target;
	bool bad = false;

	if (u->winner)
		say_error("%s: LD_PRELOAD is set in %s, which wins over our drop-in: "
			  "name the "
			  "object there; nothing was changed",
			  u->name, u->winner);
	else if (u->unset)
		say_error("%s: UnsetEnvironment= takes LD_PRELOAD away; nothing was "
			  "changed",
			  u->name);
	else if (u->root)
		say_error("%s has a root of its own, %s, where the object is not to be "
			  "seen; "
			  "nothing was changed",
			  u->name, u->root);
	if (u->winner || u->unset || u->root)
		return false;
	target = u->command && !strchr(u->command, '%') ? malloc(sizeof(*target))
							: NULL;
	if (target) {
		target_read(u->command, target);
		target_sentence(target, sentence);
		bad = target->verdict != TARGET_PRELOAD &&
		      target->verdict != TARGET_UNREADABLE &&
		      target->verdict != TARGET_NOT_FOUND;
	}
	if (bad)
		say_error("%s: %s; nothing was changed", u->name, sentence);
	free(target);
	return !bad;
}

static char *compose(const struct unit *u, const char *object, bool made)
{
	char *value = object_before(object, u->preload), *word, *text = NULL;
	char quoted[16384];

	if (value && asprintf(&word, "LD_PRELOAD=%s", value) >= 0) {
		unitfile_quote(word, quoted, sizeof(quoted));
		if (asprintf(&text, MARK "%s\n%s[Service]\nEnvironment=%s\n", u->name,
			     made ? MADE : "", quoted) < 0)
			text = NULL;
		free(word);
	}
	free(value);
	return text;
}

/* Is there a file of ours? *ret_made: it brought its directory with it. */
static bool is_ours(int directory, bool *ret_made)
{
	char *text = NULL;
	bool ours = bring_read(directory, UNIT_OURS, MOST, &text) >= 0 &&
		    !strncmp(text, MARK, sizeof(MARK) - 1);

	*ret_made = ours && strstr(text, MADE);
	free(text);
	return ours;
}

/* Of one who was killed: his draft, and the directory if nothing else is in it. */
static void clear_left(const char *path)
{
	int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), lock;
	size_t left;

	if (directory < 0)
		return;
	lock = bring_lock_take(directory);
	left = lock < 0 ? 0 : bring_sweep(directory);
	bring_lock_drop(directory, lock);
	close(directory);
	if (left)
		rmdir(path);
}

/* Readable, whatever the umask is. ret_made: it was not there. Its descriptor. */
static int open_made(const char *path, bool *ret_made, int *ret_lock)
{
	int directory;

	clear_left(path);
	*ret_made = mkdir(path, 0755) == 0;
	directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return -errno;
	if (*ret_made)
		(void)!fchmod(directory, 0755);
	*ret_lock = bring_lock_take(directory);
	if (*ret_lock < 0)
		close(directory);
	return *ret_lock < 0 ? *ret_lock : directory;
}

static int write_it(const struct unit *u, const char *object, const char *path)
{
	bool made, changed = false;
	int lock = -1, directory = open_made(path, &made, &lock);
	int err = directory < 0 ? directory : 0;
	char *text = NULL;

	if (!err && !made && !is_ours(directory, &made) &&
	    faccessat(directory, UNIT_OURS, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		err = -EEXIST;
	if (!err && !(text = compose(u, object, made)))
		err = -ENOMEM;
	if (!err)
		err = bring_bytes(directory, UNIT_OURS, text, strlen(text), 0644,
				  &changed);
	if (directory >= 0) {
		bring_lock_drop(directory, lock);
		close(directory);
	}
	free(text);
	if (err && made)
		rmdir(path);
	if (err) {
		say_error("%s/" UNIT_OURS ": %s; nothing was changed", path,
			  strerror(-err));
		return STATUS_SELF;
	}
	printf("%s/" UNIT_OURS " %s\n", path,
	       changed ? "is written" : "was there already, and is as it has to be");
	return changed ? reload(u, "starts it with the object") : STATUS_OK;
}

static int install(const struct unit *u, const char *object, bool dry)
{
	char path[PATH_MAX];
	char *text;

	directory_of(u, path, sizeof(path));
	if (!dry)
		return write_it(u, object, path);
	text = compose(u, object, access(path, F_OK) < 0);
	printf("# %s/" UNIT_OURS " would be:\n%s", path, text ? text : "");
	free(text);
	return STATUS_OK;
}

int service_install(const char *name, bool dry)
{
	char object[PATH_MAX];
	struct unit u;
	TEXT(why, PATH_MAX + 128);
	int status = STATUS_SELF;

	if (!unit_read(name, &u, &why)) {
		say_error("%s; nothing was changed", why.at);
		return STATUS_SELF;
	}
	if (object_find(object, sizeof(object)) || strchr(object, '%'))
		say_error("libtfoshim.so is neither beside tfo nor in %s, or in a "
			  "place that "
			  "LD_PRELOAD cannot name; nothing was changed",
			  TFOSHIM_LIBDIR);
	else if (!trust_file(object, &why))
		say_error("%s, and it would be loaded into a service; nothing was "
			  "changed",
			  why.at);
	else if (!can_gain(&u))
		status = STATUS_FINDING;
	else
		status = install(&u, object, dry);
	unit_drop(&u);
	return status;
}

static int take_away(const struct unit *u, int directory, const char *path, bool made)
{
	if (unlinkat(directory, UNIT_OURS, 0) < 0) {
		say_error("%s/" UNIT_OURS ": %s; nothing was changed", path,
			  strerror(errno));
		return STATUS_SELF;
	}
	bring_sweep(directory);
	if (made)
		rmdir(path); /* others may have put something there since */
	printf("%s/" UNIT_OURS " is gone\n", path);
	return reload(u, "starts it without the object");
}

/* Also of a unit that is not there any more: the drop-in stays behind then. */
int service_uninstall(const char *name, bool dry)
{
	struct unit u = { .preload = NULL };
	char path[PATH_MAX];
	TEXT(why, PATH_MAX + 128);
	int directory, status = STATUS_OK;
	bool made;

	if (!unit_read(name, &u, &why) && (!u.name[0] || strchr(u.name, '/'))) {
		say_error("%s; nothing was changed", why.at);
		return STATUS_SELF;
	}
	directory_of(&u, path, sizeof(path));
	directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0 || !is_ours(directory, &made))
		printf("%s has no drop-in of tfo\n", u.name);
	else if (dry)
		printf("# %s/" UNIT_OURS " would be removed\n", path);
	else
		status = take_away(&u, directory, path, made);
	if (directory >= 0)
		close(directory);
	if (!dry)
		clear_left(path);
	unit_drop(&u);
	return status;
}
