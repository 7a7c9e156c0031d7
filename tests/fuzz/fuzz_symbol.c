/* SPDX-License-Identifier: MIT */
/* fuzz_symbol: a file with any content, behind two bytes that are a place in it. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/symbol.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static int fd = -1;
	char path[64];
	TEXT(name, 200);

	if (n < 2)
		return 0;
	if (fd < 0)
		fd = memfd_create("fuzz", MFD_CLOEXEC);
	MUST(fd >= 0 && !ftruncate(fd, 0));
	MUST(pwrite(fd, bytes + 2, n - 2, 0) == (ssize_t)(n - 2));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (symbol_name(path, (uint64_t)(bytes[0] | bytes[1] << 8), &name))
		MUST(name.n && strlen(name.at) == name.n);
	else
		MUST(!name.n);
	return 0;
}
