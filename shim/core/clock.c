/* SPDX-License-Identifier: MIT */
/* clock: what time it is; see clock.h. */
#include "core/clock.h"

#include <elf.h>
#include <stdatomic.h>
#include <time.h>

#include "core/sys.h"
#include "core/text.h"

typedef int gettime(clockid_t clock, struct timespec *ret);

static _Atomic(gettime *) vdso_gettime;

struct image {
	uintptr_t base; /* what its addresses are relative to */
	const Elf64_Sym *symbols;
	const char *strings;
	const Elf64_Word *hash; /* DT_HASH: nbucket, nchain = number of symbols */
};

static void read_dynamic(const Elf64_Dyn *d, struct image *i)
{
	for (; d->d_tag != DT_NULL; d++) {
		const void *at = (const void *)(i->base + d->d_un.d_ptr);

		if (d->d_tag == DT_SYMTAB)
			i->symbols = at;
		else if (d->d_tag == DT_STRTAB)
			i->strings = at;
		else if (d->d_tag == DT_HASH)
			i->hash = at;
	}
}

static const Elf64_Dyn *read_segments(uintptr_t vdso, struct image *i)
{
	const Elf64_Ehdr *e = (const Elf64_Ehdr *)vdso;
	const Elf64_Phdr *p = (const Elf64_Phdr *)(vdso + e->e_phoff);
	const Elf64_Dyn *dynamic = NULL;

	for (int k = 0; k < e->e_phnum; k++) {
		if (p[k].p_type == PT_LOAD && !i->base)
			i->base = vdso + p[k].p_offset - p[k].p_vaddr;
		if (p[k].p_type == PT_DYNAMIC)
			dynamic = (const Elf64_Dyn *)(vdso + p[k].p_offset);
	}
	return dynamic;
}

void clock_setup(uintptr_t vdso)
{
	struct image i = { 0 };
	const Elf64_Dyn *dynamic = vdso ? read_segments(vdso, &i) : NULL;

	if (!dynamic)
		return;
	read_dynamic(dynamic, &i);
	if (!i.symbols || !i.strings || !i.hash)
		return;
	for (Elf64_Word k = 0; k < i.hash[1]; k++)
		if (i.symbols[k].st_shndx != SHN_UNDEF &&
		    text_same(i.strings + i.symbols[k].st_name, SYS_VDSO_CLOCK))
			atomic_store(&vdso_gettime,
				     (gettime *)(i.base + i.symbols[k].st_value));
}

static struct timespec now(clockid_t clock)
{
	gettime *ask = atomic_load_explicit(&vdso_gettime, memory_order_relaxed);
	struct timespec t = { 0, 0 };

	if (!ask || ask(clock, &t))
		sys2(SYS_clock_gettime, clock, &t);
	return t;
}

static uint64_t in_us(struct timespec t)
{
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

uint64_t clock_now_us(void)
{
	return in_us(now(CLOCK_MONOTONIC));
}

uint64_t clock_coarse_us(void)
{
	return in_us(now(CLOCK_MONOTONIC_COARSE));
}

uint32_t clock_today_s(void)
{
	return (uint32_t)now(CLOCK_REALTIME).tv_sec;
}

uint64_t clock_today_cs(void)
{
	struct timespec t = now(CLOCK_REALTIME);

	return (uint64_t)t.tv_sec * 100 + (uint64_t)t.tv_nsec / 10000000;
}
