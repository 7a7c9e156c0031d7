/* SPDX-License-Identifier: MIT */
/*
 * unitpath: where systemd looks for the files of a unit, by all of its names, and which
 * of them it believes. What stands in them is left to unit.
 */
#ifndef CLI_UNITPATH_H
#define CLI_UNITPATH_H

#include <stddef.h>

#define UNITPATH_ETC "/etc/systemd/system"
#define UNITPATH_DROPINS 256

struct unitpath_dropins {
	char *path[UNITPATH_DROPINS]; /* in the order in which they hold; to be freed */
	size_t n;
};

const char *unitpath_base(const char *path);
/* Its file, or that of its template; "" where there is none. */
void unitpath_find(const char *name, char *ret, size_t size);
/*
 * path of an alias: name becomes the name of the file that it is a link to. A link to a
 * file where systemd does not look keeps its name. ret_path: the file itself.
 */
void unitpath_follow(const char *path, char *name, size_t size, char *ret_path,
		     size_t path_size);
/* name: not that of an alias. */
void unitpath_dropins(const char *name, struct unitpath_dropins *ret);

#endif
