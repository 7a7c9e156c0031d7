/* SPDX-License-Identifier: MIT */
/* unit: a service of systemd, as its files have it; see unit.h. */
#include "cli/unit.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/unitfile.h"
#include "cli/unitpath.h"

#define PRELOAD "LD_PRELOAD="

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

/* What a specifier stands for, if it is one of the name's; how long that is. */
static size_t specified(const char *name, char letter, const char **ret)
{
	const char *end = strrchr(name, '.'), *at = strchr(name, '@');

	at = at ? at : end;
	*ret = name;
	switch (letter) {
	case 'n':
		return strlen(name);
	case 'N':
		return (size_t)(end - name);
	case 'p':
		return (size_t)(at - name);
	case 'i':
		*ret = at + (*at == '@');
		return (size_t)(end - *ret);
	default:
		*ret = "%";
		return letter == '%';
	}
}

/* Others than those of the name stay: no file is called so. */
static void expand(const char *name, const char *value, char *ret, size_t size)
{
	const char *from;
	size_t n = 0, len;

	while (*value && n + 1 < size) {
		len = *value == '%' ? specified(name, value[1], &from) : 0;
		value += len ? 2 : 1;
		if (!len) {
			from = value - 1;
			len = 1;
		}
		for (; len && n + 1 < size; len--)
			ret[n++] = *from++;
	}
	ret[n] = '\0';
}

/* What stands in such a file wins over every Environment= line. */
static void environment_file(struct unit *u, const char *value)
{
	char path[PATH_MAX];
	bool found = false;
	glob_t all;

	if (!*value)
		set(&u->winner, NULL);
	value += *value == '-';
	expand(u->name, value, path, sizeof(path));
	if (*path != '/' || glob(path, 0, NULL, &all))
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

/* One that sorts behind ours has the last word about what ours sets. */
static void read_dropin(struct unit *u, char *path)
{
	int order = strcmp(unitpath_base(path), UNIT_OURS);

	u->touched = false;
	if (order)
		unitfile_read(path, line, u);
	if (u->touched && order > 0)
		set(&u->winner, path);
	free(path);
}

static void read_dropins(struct unit *u)
{
	struct unitpath_dropins all;

	unitpath_dropins(u->name, &all);
	for (size_t i = 0; i < all.n; i++)
		read_dropin(u, all.path[i]);
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
	strcpy(ret->asked, u.name);
	unitpath_find(u.name, path, sizeof(path));
	if (!*path)
		return complain(why, u.name, " is no unit of this system");
	if (stat(path, &is) == 0 && (S_ISCHR(is.st_mode) || !is.st_size))
		return complain(why, u.name, " is masked: it is never started");
	strcpy(u.asked, u.name);
	unitpath_follow(path, u.name, sizeof(u.name), path, sizeof(path));
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
