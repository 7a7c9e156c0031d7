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
#include "cli/sandbox.h"
#include "cli/sanitizer.h"
#include "cli/trial.h"
#include "cli/trust.h"
#include "cli/unit.h"
#include "cli/unitfile.h"
#include "cli/unitpath.h"
#include "core/target.h"

#define MOST 65536
#define PATIENCE_MS 90000
#define TRIES 8
#define MARK "# tfo install --systemd "

static void directory_of(const char *name, char *ret, size_t size)
{
	snprintf(ret, size, UNITPATH_ETC "/%s.d", name);
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

/* Is its program one that no preloaded object can reach? Said then. */
static bool is_out_of_reach(const struct unit *u)
{
	char sentence[TARGET_SENTENCE];
	struct target *target;
	bool bad = false, asan = false;

	if (u->root || !u->command || strchr(u->command, '%'))
		return false; /* a file that is not the one of that name here */
	target = malloc(sizeof(*target));
	if (target) {
		target_read(u->command, target);
		target_sentence(target, sentence);
		bad = target->verdict != TARGET_PRELOAD &&
		      target->verdict != TARGET_UNREADABLE &&
		      target->verdict != TARGET_NOT_FOUND;
		asan = sanitizer_is_in(target);
	}
	if (bad)
		say_error("%s: %s; nothing was changed", u->name, sentence);
	else if (asan)
		say_error("%s: %s has AddressSanitizer, which wants to be first: 'tfo "
			  "run' in its ExecStart= can; nothing was changed",
			  u->name, u->command);
	free(target);
	return bad || asan;
}

/* ... or cannot its service see the object? */
static bool is_shut_out(const struct unit *u, const char *object)
{
	TEXT(why, 2 * PATH_MAX);
	enum sandbox_sight sight = sandbox_ask(u->name, object, &why);

	if (sight == SANDBOX_CLOSED)
		say_error("%s: %s; nothing was changed", u->name, why.at);
	else if (sight == SANDBOX_UNKNOWN && u->root)
		say_error("%s has a root of its own, %s, where the object is not to be "
			  "seen; nothing was changed",
			  u->name, u->root);
	return sight == SANDBOX_CLOSED || (sight == SANDBOX_UNKNOWN && u->root);
}

/* false: why a preloaded object would be of no use to it has been said. */
static bool can_gain(const struct unit *u, const char *object)
{
	if (u->winner)
		say_error("%s: LD_PRELOAD is set in %s, which wins over our drop-in: "
			  "name the object there; nothing was changed",
			  u->name, u->winner);
	else if (u->unset)
		say_error("%s: UnsetEnvironment= takes LD_PRELOAD away; nothing was "
			  "changed",
			  u->name);
	return !u->winner && !u->unset && !is_out_of_reach(u) &&
	       !is_shut_out(u, object);
}

/* For a line of a unit, where a % begins a specifier; NULL: no memory. */
static char *plain(const char *value)
{
	char *ret = malloc(2 * strlen(value) + 1), *to = ret;

	for (; ret && *value; *to++ = *value++)
		if (*value == '%')
			*to++ = '%';
	if (ret)
		*to = '\0';
	return ret;
}

/* What systemd gives to each service (DefaultEnvironment=): our line would hide it. */
static void add_general(struct unit *u)
{
	static const char *const words[] = { "systemctl", "show-environment", NULL };
	struct trial got;
	char *rest = got.out, *line, word[8192];
	const char *value;

	if (u->preload || access("/run/systemd/system", F_OK) < 0 ||
	    trial_run(words, NULL, PATIENCE_MS, &got) != 0)
		return;
	while ((line = strsep(&rest, "\n"))) {
		if (u->preload || strncmp(line, "LD_PRELOAD=", 11))
			continue;
		value = line +
			11; /* $'...' where anything in it is special to a shell */
		value += *value == '$';
		if (unitfile_word(&value, word, sizeof(word)) && *word)
			u->preload = plain(word);
	}
}

static char *compose(const struct unit *u, const char *object)
{
	char *value = object_before(object, u->preload), *word, *text = NULL;
	char quoted[16384];

	if (value && asprintf(&word, "LD_PRELOAD=%s", value) >= 0) {
		unitfile_quote(word, quoted, sizeof(quoted));
		if (asprintf(&text, MARK "%s\n[Service]\nEnvironment=%s\n", u->name,
			     quoted) < 0)
			text = NULL;
		free(word);
	}
	free(value);
	return text;
}

static bool is_ours(int directory)
{
	char *text = NULL;
	bool ours = bring_read(directory, UNIT_OURS, MOST, &text) >= 0 &&
		    !strncmp(text, MARK, sizeof(MARK) - 1);

	free(text);
	return ours;
}

/*
 * Locked, with ret_lock. -ENOENT: or it was removed meanwhile. Its descriptor, or
 * negative errno.
 */
static int open_locked(const char *path, int *ret_lock)
{
	int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (directory < 0 || !ret_lock)
		return directory < 0 ? -errno : directory;
	*ret_lock = bring_lock_take(directory);
	if (*ret_lock >= 0)
		return directory;
	close(directory);
	return *ret_lock;
}

/* Readable, whatever the umask is. */
static int open_made(const char *path, int *ret_lock)
{
	int directory = -ENOENT;
	bool made = false;

	for (int i = 0; i < TRIES && directory == -ENOENT; i++) {
		made = mkdir(path, 0755) == 0;
		if (!made && errno != EEXIST)
			return -errno;
		directory = open_locked(path, ret_lock);
	}
	if (directory >= 0 && made)
		(void)!fchmod(directory, 0755);
	return directory;
}

/* With it goes what somebody left who was killed. An empty one is nobody's. */
static void close_tidy(int directory, int lock, const char *path)
{
	if (directory < 0)
		return;
	bring_sweep(directory);
	bring_lock_drop(directory, lock);
	rmdir(path);
	close(directory);
}

static int write_it(const struct unit *u, const char *object, const char *path)
{
	bool changed = false;
	int lock = -1, directory = open_made(path, &lock);
	int err = directory < 0 ? directory : 0;
	char *text = NULL;

	if (!err && !is_ours(directory) &&
	    faccessat(directory, UNIT_OURS, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		err = -EEXIST;
	if (!err && !(text = compose(u, object)))
		err = -ENOMEM;
	if (!err)
		err = bring_bytes(directory, UNIT_OURS, text, strlen(text), 0644,
				  &changed);
	close_tidy(directory, lock, path);
	free(text);
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

	directory_of(u->name, path, sizeof(path));
	if (!dry)
		return write_it(u, object, path);
	text = compose(u, object);
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
		say_error(
			"libtfoshim.so is neither beside tfo nor in %s, or in a place "
			"that LD_PRELOAD cannot name; nothing was changed",
			TFOSHIM_LIBDIR);
	else if (!trust_file(object, &why))
		say_error("%s, and it would be loaded into a service; nothing was "
			  "changed",
			  why.at);
	else if (!can_gain(&u, object))
		status = STATUS_FINDING;
	else {
		add_general(&u);
		status = install(&u, object, dry);
	}
	unit_drop(&u);
	return status;
}

static int take_away(const struct unit *u, int directory, const char *path)
{
	if (unlinkat(directory, UNIT_OURS, 0) < 0) {
		say_error("%s/" UNIT_OURS ": %s; nothing was changed", path,
			  strerror(errno));
		return STATUS_SELF;
	}
	printf("%s/" UNIT_OURS " is gone\n", path);
	return reload(u, "starts it without the object");
}

static int uninstall(const struct unit *u, const char *path, bool dry)
{
	int lock = -1, directory = open_locked(path, dry ? NULL : &lock);
	int status = STATUS_OK;

	if (directory < 0 && directory != -ENOENT) {
		say_error("%s: %s; nothing was changed", path, strerror(-directory));
		return STATUS_SELF;
	}
	if (directory < 0 || !is_ours(directory))
		printf("%s has no drop-in of tfo\n", u->name);
	else if (dry)
		printf("# %s/" UNIT_OURS " would be removed\n", path);
	else
		status = take_away(u, directory, path);
	if (!dry)
		close_tidy(directory, lock, path);
	else if (directory >= 0)
		close(directory);
	return status;
}

/*
 * Also of a unit that is not there any more: the drop-in stays behind then; and of one
 * that has become an alias since.
 */
int service_uninstall(const char *name, bool dry)
{
	struct unit u = { .preload = NULL };
	char path[PATH_MAX];
	TEXT(why, PATH_MAX + 128);
	int status = STATUS_OK, directory;

	if (!unit_read(name, &u, &why) && (!u.name[0] || strchr(u.name, '/'))) {
		say_error("%s; nothing was changed", why.at);
		return STATUS_SELF;
	}
	directory_of(u.asked, path, sizeof(path));
	directory = strcmp(u.asked, u.name) ? open_locked(path, NULL) : -1;
	if (directory >= 0) {
		if (is_ours(directory))
			status = uninstall(&u, path, dry);
		close(directory);
	}
	directory_of(u.name, path, sizeof(path));
	if (status == STATUS_OK)
		status = uninstall(&u, path, dry);
	unit_drop(&u);
	return status;
}
