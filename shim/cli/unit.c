/* SPDX-License-Identifier: MIT */
/* unit: a service of systemd, as its files have it; see unit.h. */
#include "cli/unit.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/unitfile.h"

#define PRELOAD "LD_PRELOAD="
#define DROPINS 256

/* The first that has a file of a name is believed; see systemd.unit(5). */
static const char *const roots[] = {
	"/etc/systemd/system.control",
	"/run/systemd/system.control",
	"/run/systemd/transient",
	"/run/systemd/generator.early",
	UNIT_ETC,
	"/etc/systemd/system.attached",
	"/run/systemd/system",
	"/run/systemd/system.attached",
	"/run/systemd/generator",
	"/usr/local/lib/systemd/system",
	"/usr/lib/systemd/system",
	"/lib/systemd/system",
	"/run/systemd/generator.late",
};

#define ROOTS (sizeof(roots) / sizeof(*roots))

struct dropins {
	char *path[DROPINS];
	size_t n;
};

static const char *base(const char *path)
{
	return strrchr(path, '/') + 1;
}

static void set(char **to, const char *value)
{
	free(*to);
	*to = value && *value ? strdup(value) : NULL;
}

/* Environment= and UnsetEnvironment=: each line adds, an empty one forgets. */
static void environment(struct unit *u, const char *value)
{
	char word[8192];

	if (!*value) {
		set(&u->preload, NULL);
		u->touched = true;
	}
	while (unitfile_word(&value, word, sizeof(word)))
		if (!strncmp(word, PRELOAD, sizeof(PRELOAD) - 1)) {
			set(&u->preload, word + sizeof(PRELOAD) - 1);
			u->touched = true;
		}
}

static void unset_environment(struct unit *u, const char *value)
{
	char word[8192];

	if (!*value)
		u->unset = false;
	while (unitfile_word(&value, word, sizeof(word)))
		if (!strcmp(word, "LD_PRELOAD") || !strncmp(word, PRELOAD, 11))
			u->unset = true;
}

static void look_for(void *with, const char *section, const char *key,
		     const char *value)
{
	(void)section;
	(void)value;
	if (!strcmp(key, "LD_PRELOAD"))
		*(bool *)with = true;
}

/* What stands in such a file wins over every Environment= line. */
static void environment_file(struct unit *u, const char *value)
{
	bool found = false;
	glob_t all;

	if (!*value)
		set(&u->winner, NULL);
	value += *value == '-';
	if (*value != '/' || glob(value, 0, NULL, &all))
		return;
	for (size_t i = 0; i < all.gl_pathc && !found; i++) {
		unitfile_read(all.gl_pathv[i], look_for, &found);
		if (found)
			set(&u->winner, all.gl_pathv[i]);
	}
	globfree(&all);
}

static void command(struct unit *u, const char *value)
{
	char word[PATH_MAX];

	if (!*value)
		set(&u->command, NULL);
	else if (!u->command && unitfile_word(&value, word, sizeof(word)))
		set(&u->command, word + strspn(word, "@-:+!|"));
}

static void line(void *with, const char *section, const char *key, const char *value)
{
	struct unit *u = with;

	if (strcmp(section, "Service"))
		return;
	if (!strcmp(key, "Environment"))
		environment(u, value);
	else if (!strcmp(key, "UnsetEnvironment"))
		unset_environment(u, value);
	else if (!strcmp(key, "EnvironmentFile"))
		environment_file(u, value);
	else if (!strcmp(key, "ExecStart"))
		command(u, value);
	else if (!strcmp(key, "RootDirectory") || !strcmp(key, "RootImage"))
		set(&u->root, strcmp(value, "/") ? value : NULL);
}

static void add(struct dropins *all, const char *directory, const char *name)
{
	size_t len = strlen(name);
	char *path;

	if (len < 6 || strcmp(name + len - 5, ".conf") || !strcmp(name, UNIT_OURS))
		return;
	for (size_t i = 0; i < all->n; i++)
		if (!strcmp(base(all->path[i]), name))
			return; /* one of a better root has taken its place */
	if (all->n < DROPINS && asprintf(&path, "%s/%s", directory, name) >= 0)
		all->path[all->n++] = path;
}

static void add_all(struct dropins *all, const char *root, const char *name)
{
	char directory[PATH_MAX];
	struct dirent *one;
	DIR *d;

	snprintf(directory, sizeof(directory), "%s/%s.d", root, name);
	d = opendir(directory);
	while (d && (one = readdir(d)))
		add(all, directory, one->d_name);
	if (d)
		closedir(d);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(base(*(char *const *)a), base(*(char *const *)b));
}

/* One that sorts behind ours has the last word about what ours sets. */
static void read_dropin(struct unit *u, char *path)
{
	u->touched = false;
	unitfile_read(path, line, u);
	if (u->touched && strcmp(base(path), UNIT_OURS) > 0)
		set(&u->winner, path);
	free(path);
}

/* a-b@x.service: also those of a-b@.service, a-.service and service. */
static void read_dropins(struct unit *u)
{
	struct dropins all = { .n = 0 };
	char prefix[NAME_MAX + 16];
	char *at;

	for (size_t i = 0; i < ROOTS; i++)
		add_all(&all, roots[i], u->name);
	at = strchr(u->name, '@');
	if (at) {
		snprintf(prefix, sizeof(prefix), "%.*s@.service", (int)(at - u->name),
			 u->name);
		for (size_t i = 0; i < ROOTS; i++)
			add_all(&all, roots[i], prefix);
	}
	strcpy(prefix, u->name);
	while ((at = strrchr(prefix, '-'))) {
		strcpy(at + 1, ".service");
		for (size_t i = 0; strcmp(prefix, u->name) && i < ROOTS; i++)
			add_all(&all, roots[i], prefix);
		*at = '\0';
	}
	for (size_t i = 0; i < ROOTS; i++)
		add_all(&all, roots[i], "service");
	qsort(all.path, all.n, sizeof(*all.path), by_name);
	for (size_t i = 0; i < all.n; i++)
		read_dropin(u, all.path[i]);
}

/* Its file, or that of its template; "" where there is none. */
static void find(const char *name, char *ret, size_t size)
{
	const char *at = strchr(name, '@');

	for (size_t i = 0; i < ROOTS; i++) {
		snprintf(ret, size, "%s/%s", roots[i], name);
		if (access(ret, F_OK) == 0)
			return;
	}
	for (size_t i = 0; at && i < ROOTS; i++) {
		snprintf(ret, size, "%s/%.*s@.service", roots[i], (int)(at - name),
			 name);
		if (access(ret, F_OK) == 0)
			return;
	}
	ret[0] = '\0';
}

/* Of an alias: the name of the file that it is a link to, in one of the roots. */
static void follow(struct unit *u, char *path, size_t size)
{
	char real[PATH_MAX];
	const char *name;

	if (!realpath(path, real))
		return;
	name = base(real);
	if (strchr(u->name, '@') || strlen(name) >= sizeof(u->name) ||
	    !strstr(name, ".service"))
		return;
	strcpy(u->name, name);
	snprintf(path, size, "%s", real);
}

static bool complain(struct text *why, const char *name, const char *what)
{
	text_str(why, name);
	text_str(why, what);
	return false;
}

static bool name_it(struct unit *u, const char *name, struct text *why)
{
	const char *dot = strrchr(name, '.');
	bool whole = dot && !strcmp(dot, ".service");

	if (!*name || strchr(name, '/') || strlen(name) + 9 > sizeof(u->name) ||
	    name[0] == '.' || name[0] == '-')
		return complain(why, name, " is no name of a unit");
	if (dot && (!strcmp(dot, ".socket") || !strcmp(dot, ".target") ||
		    !strcmp(dot, ".timer") || !strcmp(dot, ".mount")))
		return complain(why, name,
				" is no service: it starts no program itself");
	snprintf(u->name, sizeof(u->name), "%s%s", name, whole ? "" : ".service");
	return true;
}

bool unit_read(const char *name, struct unit *ret, struct text *why)
{
	struct unit u = { .preload = NULL };
	char path[PATH_MAX];
	struct stat is;
	int err;

	*ret = u;
	if (!name_it(&u, name, why))
		return false;
	strcpy(ret->name, u.name);
	find(u.name, path, sizeof(path));
	if (!*path)
		return complain(why, u.name, " is no unit of this system");
	if (stat(path, &is) == 0 && (S_ISCHR(is.st_mode) || !is.st_size))
		return complain(why, u.name, " is masked: it is never started");
	follow(&u, path, sizeof(path));
	err = unitfile_read(path, line, &u);
	if (err) {
		text_str(why, path);
		return complain(why, ": ", strerror(-err));
	}
	read_dropins(&u);
	*ret = u;
	return true;
}

void unit_drop(struct unit *u)
{
	free(u->preload);
	free(u->winner);
	free(u->command);
	free(u->root);
}
