/* SPDX-License-Identifier: MIT */
/* symbol: which function of an ELF file a place belongs to; see symbol.h. */
#include "core/symbol.h"

#include <elf.h>
#include <fcntl.h>

#include "core/sys.h"

#define NAME_MOST 120
#define SYMBOLS_MOST 2000000 /* are looked at */
#define BLOCK 32

struct file {
	int fd;
	Elf64_Ehdr head;
};

static bool get(const struct file *f, uint64_t at, void *to, size_t n)
{
	return at <= INT64_MAX && sys4(SYS_pread64, f->fd, to, n, at) == (long)n;
}

static bool open_file(const char *path, struct file *f)
{
	f->fd = (int)sys4(SYS_openat, AT_FDCWD, path,
			  O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
	if (f->fd < 0)
		return false;
	return get(f, 0, &f->head, sizeof(f->head)) &&
	       !__builtin_memcmp(f->head.e_ident, ELFMAG, SELFMAG) &&
	       f->head.e_ident[EI_CLASS] == ELFCLASS64;
}

/* Where that place of the file lies in memory, as its symbols have it. */
static bool to_address(const struct file *f, uint64_t offset, uint64_t *ret)
{
	Elf64_Phdr p;

	for (uint64_t i = 0; i < f->head.e_phnum; i++) {
		if (!get(f, f->head.e_phoff + i * sizeof(p), &p, sizeof(p)))
			return false;
		if (p.p_type == PT_LOAD && offset >= p.p_offset &&
		    offset - p.p_offset < p.p_filesz) {
			*ret = offset - p.p_offset + p.p_vaddr;
			return true;
		}
	}
	return false;
}

static bool section(const struct file *f, uint64_t i, Elf64_Shdr *ret)
{
	return i < f->head.e_shnum &&
	       get(f, f->head.e_shoff + i * sizeof(*ret), ret, sizeof(*ret));
}

static bool covers(const Elf64_Sym *s, uint64_t at)
{
	unsigned int type = ELF64_ST_TYPE(s->st_info);

	return (type == STT_FUNC || type == STT_GNU_IFUNC) &&
	       s->st_shndx != SHN_UNDEF && at >= s->st_value &&
	       at - s->st_value < s->st_size;
}

/* The offset of its name among the strings; 0: none covers it. */
static uint64_t look(const struct file *f, const Elf64_Shdr *table, uint64_t at)
{
	uint64_t n = table->sh_size / sizeof(Elf64_Sym);
	Elf64_Sym s[BLOCK];

	if (n > SYMBOLS_MOST)
		n = SYMBOLS_MOST;
	for (uint64_t i = 0; i < n; i += BLOCK) {
		size_t k = n - i < BLOCK ? (size_t)(n - i) : BLOCK;

		if (!get(f, table->sh_offset + i * sizeof(*s), s, k * sizeof(*s)))
			return 0;
		for (size_t j = 0; j < k; j++)
			if (covers(&s[j], at))
				return s[j].st_name;
	}
	return 0;
}

/* "f.isra.0" is f, as a compiler has made it anew for its callers. */
static void cut_clone(struct text *t, size_t from)
{
	static const char *const marks[] = { ".isra.", ".constprop.", ".part.",
					     ".cold",  ".llvm.",      ".lto_priv." };

	for (size_t i = from + 1; i < t->n; i++)
		for (size_t k = 0; k < sizeof(marks) / sizeof(*marks); k++)
			if (text_behind(t->at + i, marks[k])) {
				t->at[i] = 0;
				t->n = i;
			}
}

static bool put_name(const struct file *f, const Elf64_Shdr *table, uint64_t name,
		     struct text *ret)
{
	size_t begun = ret->n;
	Elf64_Shdr strings;
	char c;

	if (!section(f, table->sh_link, &strings) || name >= strings.sh_size)
		return false;
	for (int i = 0; i < NAME_MOST; i++) {
		if (!get(f, strings.sh_offset + name + (uint64_t)i, &c, 1) || !c)
			break;
		text_char(ret, c > ' ' && c < 127 ? c : '?');
	}
	cut_clone(ret, begun);
	return ret->n > begun;
}

static bool look_in(const struct file *f, uint32_t type, uint64_t at, struct text *ret)
{
	Elf64_Shdr table;
	uint64_t name;

	for (uint64_t i = 0; i < f->head.e_shnum; i++) {
		if (!section(f, i, &table))
			return false;
		if (table.sh_type != type)
			continue;
		name = look(f, &table, at);
		return name && put_name(f, &table, name, ret);
	}
	return false;
}

bool symbol_name(const char *path, uint64_t offset, struct text *ret)
{
	struct file f;
	uint64_t at;
	bool found = open_file(path, &f) && to_address(&f, offset, &at) &&
		     (look_in(&f, SHT_SYMTAB, at, ret) ||
		      look_in(&f, SHT_DYNSYM, at, ret));

	if (f.fd >= 0)
		sys_close(f.fd);
	return found;
}
