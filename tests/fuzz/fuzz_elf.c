/* SPDX-License-Identifier: MIT */
/*
 * fuzz_elf: a file with any content, behind the first byte, which says whether it may
 * be executed: target comes back with a sentence.
 */
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/elf.h"
#include "core/target.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct target target;
	static char sentence[TARGET_SENTENCE], loader[PATH_MAX];
	static int fd = -1;
	char path[64];

	if (!n)
		return 0;
	if (fd < 0)
		fd = memfd_create("fuzz", MFD_CLOEXEC);
	MUST(fd >= 0 && !ftruncate(fd, 0));
	MUST(pwrite(fd, bytes + 1, n - 1, 0) == (ssize_t)(n - 1));
	MUST(!fchmod(fd, bytes[0] & 1 ? 0644 : 0755));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	target_read(path, &target);
	target_sentence(&target, sentence);
	MUST(strlen(sentence) > 20);
	elf_read(fd, loader);
	elf_is_object(fd);
	elf_needs(fd, "libc.so");
	elf_is((const char *)bytes + 1, n - 1);
	return 0;
}
