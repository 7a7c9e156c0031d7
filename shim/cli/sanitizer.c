/* SPDX-License-Identifier: MIT */
/* sanitizer: AddressSanitizer's wish to be first; see sanitizer.h. */
#include "cli/sanitizer.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/elf.h"

#define OPTION "verify_asan_link_order="

bool sanitizer_is_in(const struct target *target)
{
	int fd = target->verdict == TARGET_PRELOAD
			 ? open(target->path,
				O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
			 : -1;
	bool needs;

	if (fd < 0)
		return false;
	needs = elf_needs(fd, "libasan.so") || elf_needs(fd, "libclang_rt.asan");
	close(fd);
	return needs;
}

char *sanitizer_options(const struct target *target)
{
	const char *was = getenv("ASAN_OPTIONS");
	char *options;

	if ((was && strstr(was, OPTION)) || !sanitizer_is_in(target))
		return NULL;
	if (asprintf(&options, "%s%s" OPTION "0", was ? was : "",
		     was && *was ? ":" : "") < 0)
		return NULL;
	return options;
}
