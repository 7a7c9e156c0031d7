/* SPDX-License-Identifier: MIT */
/*
 * fuzz_maps: a line of /proc/self/maps with any content, and an ELF file's beginning in
 * memory, behind which nothing may be read.
 */
#include <string.h>
#include <sys/mman.h>

#include "core/maps.h"
#include "fuzz.h"

#define PAGE 4096
#define PAGES 4

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static char *room;
	char line[1024 + 1];
	uint8_t id[MAPS_BUILD_ID];
	struct maps_line m;

	if (!room) {
		room = mmap(NULL, (PAGES + 1) * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		MUST(room != MAP_FAILED);
		MUST(!mprotect(room + PAGES * PAGE, PAGE, PROT_NONE));
	}
	if (n > 1024)
		n = 1024;
	memcpy(line, bytes, n);
	if (maps_parse(line, n, &m))
		MUST(m.start < m.end && m.path >= line && m.path <= line + n &&
		     strlen(m.path) <= n);
	memset(room, 0, PAGES * PAGE);
	memcpy(room, bytes, n);
	MUST(maps_build_id((uintptr_t)room, PAGES * PAGE, id) <= MAPS_BUILD_ID);
	memcpy(room + PAGES * PAGE - n, bytes, n);
	maps_build_id((uintptr_t)room + PAGES * PAGE - n, n, id);
	return 0;
}
