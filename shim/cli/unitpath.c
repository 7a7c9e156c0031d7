/* SPDX-License-Identifier: MIT */
/* unitpath: where systemd looks for the files of a unit; see unitpath.h. */
#include "cli/unitpath.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The first that has a file of a name is believed; see systemd.unit(5). */
static const char *const roots[] = {
	"/etc/systemd/system.control",
	"/run/systemd/system.control",
	"/run/systemd/transient",
	"/run/systemd/generator.early",
	UNITPATH_ETC,
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
#define NAME (NAME_MAX + 16)

const char *unitpath_base(const char *path)
{
	return strrchr(path, '/') + 1;
}

/* a@b.service: a@.service; false: it is no instance. */
static bool template_of(const char *name, char ret[NAME])
{
	const char *at = strchr(name, '@');

	snprintf(ret, NAME, "%.*s@.service", at ? (int)(at - name) : 0, name);
	return at && at[1] != '.';
}

void unitpath_find(const char *name, char *ret, size_t size)
{
	char template[NAME];
	bool instance = template_of(name, template);

	for (size_t i = 0; i < (instance ? 2 : 1) * ROOTS; i++) {
		snprintf(ret, size, "%s/%s", roots[i % ROOTS],
			 i < ROOTS ? name : template);
		if (access(ret, F_OK) == 0)
			return;
	}
	ret[0] = '\0';
}

/* Does systemd look for units where this file is? */
static bool is_in_roots(const char *file)
{
	size_t len = (size_t)(unitpath_base(file) - file) - 1;
	char real[PATH_MAX];
	bool found = false;

	for (size_t i = 0; i < ROOTS && !found; i++)
		found = realpath(roots[i], real) && strlen(real) == len &&
			!strncmp(real, file, len);
	return found;
}

void unitpath_follow(const char *path, char *name, size_t size, char *ret_path,
		     size_t path_size)
{
	char real[PATH_MAX];
	const char *base;

	if (!realpath(path, real))
		return;
	snprintf(ret_path, path_size, "%s", real);
	base = unitpath_base(real);
	if (!strchr(name, '@') && strlen(base) < size && strstr(base, ".service") &&
	    is_in_roots(real))
		strcpy(name, base);
}

static void add(struct unitpath_dropins *all, const char *directory, const char *name)
{
	size_t len = strlen(name);
	char *path;

	if (len < 6 || strcmp(name + len - 5, ".conf"))
		return;
	for (size_t i = 0; i < all->n; i++)
		if (!strcmp(unitpath_base(all->path[i]), name))
			return; /* one of a better place has taken its own */
	if (all->n < UNITPATH_DROPINS && asprintf(&path, "%s/%s", directory, name) >= 0)
		all->path[all->n++] = path;
}

static void add_directory(struct unitpath_dropins *all, const char *root,
			  const char *name)
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

/*
 * a-b@x.service: also those of a-b@.service and, up to each dash before the '@', of
 * a-@x.service, a-@.service and a-.service.
 */
static void add_names(struct unitpath_dropins *all, const char *root, const char *name)
{
	const char *end = name + strcspn(name, "@");
	char less[NAME];

	end = *end ? end : strrchr(name, '.');
	add_directory(all, root, name);
	if (template_of(name, less))
		add_names(all, root, less);
	for (const char *dash = end - 1; dash > name; dash--) {
		if (*dash != '-' || dash == end - 1)
			continue;
		snprintf(less, sizeof(less), "%.*s%s", (int)(dash + 1 - name), name,
			 end[0] == '@' && end[1] == '.' ? end + 1 : end);
		add_names(all, root, less);
		return;
	}
}

static void add_roots(struct unitpath_dropins *all, const char *name)
{
	for (size_t i = 0; i < ROOTS; i++)
		add_names(all, roots[i], name);
}

/*
 * Is a file of a root an alias of name? ret: as what. That of a template is one of each
 * of its instances.
 */
static bool is_alias(const char *root, const char *file, const char *name,
		     char ret[NAME])
{
	char path[PATH_MAX], real[PATH_MAX], template[NAME];
	const char *at = strstr(file, "@.service");
	bool instance = at && template_of(name, template);

	snprintf(path, sizeof(path), "%s/%s", root, file);
	if (!strstr(file, ".service") || !realpath(path, real) || !is_in_roots(real) ||
	    strcmp(unitpath_base(real), instance ? template : name))
		return false;
	if (instance)
		snprintf(ret, NAME, "%.*s%s", (int)(at - file), file,
			 strchr(name, '@'));
	else
		snprintf(ret, NAME, "%s", file);
	return strcmp(ret, name) != 0;
}

static void add_aliases(struct unitpath_dropins *all, const char *name)
{
	char alias[NAME];
	struct dirent *one;
	DIR *d;

	for (size_t i = 0; i < ROOTS; i++) {
		d = opendir(roots[i]);
		while (d && (one = readdir(d)))
			if (one->d_type == DT_LNK &&
			    is_alias(roots[i], one->d_name, name, alias))
				add_roots(all, alias);
		if (d)
			closedir(d);
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(unitpath_base(*(char *const *)a),
		      unitpath_base(*(char *const *)b));
}

void unitpath_dropins(const char *name, struct unitpath_dropins *ret)
{
	ret->n = 0;
	add_roots(ret, name);
	add_aliases(ret, name);
	for (size_t i = 0; i < ROOTS; i++)
		add_directory(ret, roots[i], "service");
	qsort(ret->path, ret->n, sizeof(*ret->path), by_name);
}
