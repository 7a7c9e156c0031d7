/* SPDX-License-Identifier: MIT */
/* trust: who can change a file; see trust.h. */
#include "cli/trust.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A directory as /tmp is lets nobody rename what is another's. */
static bool is_roots(const char *path, struct text *why)
{
	struct stat is;
	const char *what = NULL;

	if (lstat(path, &is) < 0)
		what = strerror(errno);
	else if (is.st_uid != 0)
		what = "belongs to another user than root";
	else if (is.st_mode & 022 && !(S_ISDIR(is.st_mode) && is.st_mode & S_ISVTX))
		what = "can be written by others than root";
	if (!what)
		return true;
	text_str(why, path);
	text_str(why, " ");
	text_str(why, what);
	return false;
}

bool trust_file(const char *path, struct text *why)
{
	char real[PATH_MAX], *slash;
	struct stat is;

	if (!realpath(path, real) || stat(real, &is) < 0) {
		text_str(why, path);
		text_str(why, ": ");
		text_str(why, strerror(errno));
		return false;
	}
	while (is_roots(real, why)) {
		slash = strrchr(real, '/');
		if (!slash[1])
			return true; /* "/" itself */
		slash[slash == real] = '\0';
	}
	return false;
}
