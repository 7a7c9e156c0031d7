/* SPDX-License-Identifier: MIT */
/* bookmark: words that a fork child has not; see bookmark.h. */
#include "preload/bookmark.h"

#include <sys/mman.h>

#include "core/share.h"
#include "core/sys.h"

#define BYTES 4096

_Atomic(const volatile uint32_t *) bookmark;

void bookmark_make(void)
{
	const volatile uint32_t *none = NULL;
	void *at;

	if (atomic_load(&bookmark) || share_private(BYTES, &at))
		return;
	for (int i = 0; i < BOOKMARK_READERS; i++)
		((uint32_t *)at)[i] = 1;
	if (sys3(SYS_madvise, at, BYTES, MADV_WIPEONFORK) ||
	    !atomic_compare_exchange_strong(&bookmark, &none, at))
		sys2(SYS_munmap, at, BYTES);
}

void bookmark_again(enum bookmark_reader who)
{
	uint32_t *m = (uint32_t *)(uintptr_t)atomic_load(&bookmark);

	if (m)
		m[who] = 1;
}
