/* SPDX-License-Identifier: MIT */
/*
 * elf: knows what the head of a program's file tells. Every byte is read with pread()
 * and never mapped: a file may be hostile, or shrink under our eyes, and both must end
 * in an answer and not in SIGBUS. Which file, and what follows from it, is left to
 * target.
 */
#include "core/elf.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#define SCAN 65536 /* the kernel's own limit for program headers */
#define PARTS (SCAN / sizeof(ElfW(Phdr)))

/*
 * Our own ELF head, put there by the linker: what "the same kind" means, without #if.
 */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

struct image {
	int fd;
	unsigned parts;
	ElfW(Ehdr) head;
	ElfW(Phdr) part[PARTS];
	char scan[SCAN];
};

size_t elf_bytes(int fd, uint64_t offset, void *to, size_t len)
{
	size_t have = 0;
	ssize_t got;

	if (offset > INT64_MAX - (uint64_t)len)
		return 0;
	while (have < len) {
		got = pread(fd, (char *)to + have, len - have, (off_t)(offset + have));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		have += (size_t)got;
	}
	return have;
}

bool elf_is(const char *line, size_t len)
{
	return len >= SELFMAG && !memcmp(line, ELFMAG, SELFMAG);
}

/* The first 20 bytes are laid out alike everywhere. ELF_DYNAMIC means: read on. */
static enum elf_kind read_head(struct image *image)
{
	ElfW(Ehdr) *head = &image->head;
	const unsigned char *ident = head->e_ident;
	size_t got = elf_bytes(image->fd, 0, head, sizeof(*head)), table;

	if (got < offsetof(ElfW(Ehdr), e_version) || ident[EI_CLASS] < ELFCLASS32 ||
	    ident[EI_CLASS] > ELFCLASS64 || ident[EI_DATA] < ELFDATA2LSB ||
	    ident[EI_DATA] > ELFDATA2MSB)
		return ELF_BROKEN;
	if (ident[EI_CLASS] != __ehdr_start.e_ident[EI_CLASS] ||
	    ident[EI_DATA] != __ehdr_start.e_ident[EI_DATA] ||
	    head->e_machine != __ehdr_start.e_machine)
		return ELF_OTHER_CLASS;
	if (got < sizeof(*head) ||
	    (head->e_type != ET_EXEC && head->e_type != ET_DYN) ||
	    head->e_phentsize != sizeof(image->part[0]) || head->e_phnum < 1 ||
	    head->e_phnum > PARTS)
		return ELF_BROKEN;
	image->parts = head->e_phnum;
	table = image->parts * sizeof(image->part[0]);
	if (elf_bytes(image->fd, head->e_phoff, image->part, table) < table)
		return ELF_BROKEN;
	return ELF_DYNAMIC;
}

static const ElfW(Phdr) * find_part(const struct image *image, ElfW(Word) type)
{
	unsigned i;

	for (i = 0; i < image->parts; i++)
		if (image->part[i].p_type == type)
			return &image->part[i];
	return NULL;
}

/* The beginning of a part, as much of it as is worth looking at; returns its length. */
static size_t scan_part(struct image *image, const ElfW(Phdr) * part)
{
	size_t len = part->p_filesz < SCAN ? (size_t)part->p_filesz : SCAN;

	return elf_bytes(image->fd, part->p_offset, image->scan, len);
}

/* Go writes its build id as note type 4; it survives -s -w, PIE and cgo. */
static bool has_go_note(struct image *image, const ElfW(Phdr) * part)
{
	size_t len = scan_part(image, part), at = 0, step = part->p_align == 8 ? 7 : 3;
	ElfW(Nhdr) note;
	uint64_t next;

	while (len - at >= sizeof(note)) {
		memcpy(&note, image->scan + at, sizeof(note));
		at += sizeof(note);
		if (note.n_type == 4 && note.n_namesz == 4 && len - at >= 4 &&
		    !memcmp(image->scan + at, "Go\0", 4))
			return true;
		next = ((uint64_t)at + note.n_namesz + step) & ~(uint64_t)step;
		next = (next + note.n_descsz + step) & ~(uint64_t)step;
		if (next > len)
			return false;
		at = (size_t)next;
	}
	return false;
}

static bool is_go(struct image *image)
{
	static const char magic[] = "\xff Go buildinf:";
	const ElfW(Phdr) *part = image->part, *end = part + image->parts;

	for (; part < end; part++)
		if (part->p_type == PT_NOTE && has_go_note(image, part))
			return true;
	for (part = image->part; part < end; part++)
		if (part->p_type == PT_LOAD && (part->p_flags & PF_W))
			return memmem(image->scan, scan_part(image, part), magic,
				      sizeof(magic) - 1) != NULL;
	return false;
}

/* Only "none at all" is easy to see: libc may come by way of another library. */
static bool needs_libraries(struct image *image)
{
	const ElfW(Phdr) *part = find_part(image, PT_DYNAMIC);
	size_t len = part ? scan_part(image, part) : 0, at;
	ElfW(Dyn) entry;

	for (at = 0; at + sizeof(entry) <= len; at += sizeof(entry)) {
		memcpy(&entry, image->scan + at, sizeof(entry));
		if (entry.d_tag == DT_NEEDED)
			return true;
		if (entry.d_tag == DT_NULL)
			return false;
	}
	return part && part->p_filesz > SCAN;
}

enum elf_kind elf_read(int fd, char ret_loader[PATH_MAX])
{
	struct image image = { .fd = fd };
	enum elf_kind kind = read_head(&image);
	const ElfW(Phdr) * part;
	size_t len;

	if (kind != ELF_DYNAMIC)
		return kind;
	if (is_go(&image))
		return ELF_GO;
	part = find_part(&image, PT_INTERP);
	if (!part)
		return ELF_STATIC;
	len = scan_part(&image, part);
	if (len < 2 || len > PATH_MAX || len != part->p_filesz || image.scan[len - 1])
		return ELF_BROKEN;
	memcpy(ret_loader, image.scan, len);
	return needs_libraries(&image) ? ELF_DYNAMIC : ELF_NO_LIBC;
}

/* The place in the file of what the loader puts at that address; UINT64_MAX: nowhere.
 */
static uint64_t offset_of(const struct image *image, uint64_t address)
{
	const ElfW(Phdr) *part = image->part, *end = part + image->parts;

	for (; part < end; part++)
		if (part->p_type == PT_LOAD && address >= part->p_vaddr &&
		    address - part->p_vaddr < part->p_filesz)
			return part->p_offset + (address - part->p_vaddr);
	return UINT64_MAX;
}

/* The entry of the dynamic table behind the first *at that has this tag. */
static bool find_entry(const struct image *image, size_t len, ElfW(Sxword) tag,
		       size_t *at, uint64_t *ret_value)
{
	ElfW(Dyn) entry;

	while (*at + sizeof(entry) <= len) {
		memcpy(&entry, image->scan + *at, sizeof(entry));
		*at += sizeof(entry);
		if (entry.d_tag == DT_NULL)
			return false;
		if (entry.d_tag == tag) {
			*ret_value = entry.d_un.d_val;
			return true;
		}
	}
	return false;
}

bool elf_needs(int fd, const char *prefix)
{
	struct image image = { .fd = fd };
	const ElfW(Phdr) * part;
	uint64_t names, name;
	char text[64];
	size_t len, at = 0, want = strlen(prefix);

	if (read_head(&image) != ELF_DYNAMIC)
		return false;
	part = find_part(&image, PT_DYNAMIC);
	len = part ? scan_part(&image, part) : 0;
	if (want > sizeof(text) || !find_entry(&image, len, DT_STRTAB, &at, &names))
		return false;
	names = offset_of(&image, names);
	for (at = 0; find_entry(&image, len, DT_NEEDED, &at, &name);)
		if (name < UINT64_MAX - names &&
		    elf_bytes(fd, names + name, text, want) == want &&
		    !memcmp(text, prefix, want))
			return true;
	return false;
}

/* What is mapped beyond the end of a file that was cut short kills by SIGBUS. */
static bool is_whole(const struct image *image)
{
	const ElfW(Phdr) * part;
	char last;

	for (part = image->part; part < image->part + image->parts; part++)
		if (part->p_type == PT_LOAD && part->p_filesz &&
		    !elf_bytes(image->fd, part->p_offset + part->p_filesz - 1, &last,
			       1))
			return false;
	return true;
}

bool elf_is_object(int fd)
{
	struct image image = { .fd = fd };
	char magic[SELFMAG];

	return elf_is(magic, elf_bytes(fd, 0, magic, sizeof(magic))) &&
	       read_head(&image) == ELF_DYNAMIC && image.head.e_type == ET_DYN &&
	       find_part(&image, PT_DYNAMIC) && is_whole(&image);
}
