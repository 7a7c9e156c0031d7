/* SPDX-License-Identifier: MIT */
/* trust: who can change a file; see trust.h. */
#include "cli/trust.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* For whom it is out of reach the loader complains of it at each start of a program. */
static bool is_for_all(const struct stat *is)
{
	return S_ISDIR(is->st_mode) ? is->st_mode & S_IXOTH : is->st_mode & S_IROTH;
}

static bool complain(struct text *why, const char *path, const char *what,
		     const char *more)
{
	text_str(why, path);
	text_str(why, what);
	text_str(why, more);
	return false;
}

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
	else if (!is_for_all(&is))
		what = "is closed to other users than root";
	return what ? complain(why, path, " ", what) : true;
}

bool trust_file(char path[PATH_MAX], struct text *why)
{
	char real[PATH_MAX], *slash;

	if (!realpath(path, real))
		return complain(why, path, ": ", strerror(errno));
	if (strcmp(strrchr(real, '/'), strrchr(path, '/')))
		return complain(why, path, " is only a link to ", real);
	strcpy(path, real);
	while (is_roots(real, why)) {
		slash = strrchr(real, '/');
		if (!slash[1])
			return true; /* "/" itself */
		slash[slash == real] = '\0';
	}
	return false;
}
