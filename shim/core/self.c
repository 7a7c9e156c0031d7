/* SPDX-License-Identifier: MIT */
/* self: which program this process runs; see self.h. */
#include "core/self.h"

#include <fcntl.h>
#include <linux/limits.h>

#include "core/sys.h"

static char path[PATH_MAX];
static int name_at;

void self_find(void)
{
	long n = sys4(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", path,
		      sizeof(path) - 1);

	path[n > 0 ? n : 0] = '\0';
	name_at = 0;
	for (int i = 0; path[i]; i++)
		if (path[i] == '/')
			name_at = i + 1;
}

const char *self_path(void)
{
	return path;
}

const char *self_name(void)
{
	return path + name_at;
}
