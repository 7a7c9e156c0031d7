/* SPDX-License-Identifier: MIT */
/*
 * test_elf: what elf says of heads that were made by hand, right and wrong ones.
 * Programs are left to test_target, damage at random to test_damage.
 */
#include <check.h>
#include <elf.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/elf.h"

struct sample {
	ElfW(Ehdr) head;
	ElfW(Phdr) part[4];
	union {
		struct {
			ElfW(Nhdr) head;
			char name[4], text[8];
		} note;
		char bytes[64];
	} body;
	char loader[64];
	ElfW(Dyn) dynamic[2];
};

static void begin(struct sample *s)
{
	struct sample *own = s;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	memset(own, 0, sizeof(*own));
	ck_assert_int_eq(read(fd, &own->head, sizeof(own->head)),
			 (ssize_t)sizeof(own->head));
	close(fd);
	own->head.e_type = ET_EXEC;
	own->head.e_phoff = offsetof(struct sample, part);
	own->head.e_phnum = 0;
}

static ElfW(Phdr) * add(struct sample *s, ElfW(Word) type, size_t offset, size_t len)
{
	ElfW(Phdr) *part = &s->part[s->head.e_phnum++];

	part->p_type = type;
	part->p_offset = offset;
	part->p_filesz = len;
	part->p_align = 4;
	return part;
}

static void add_go_note(struct sample *s)
{
	s->body.note.head.n_namesz = 4;
	s->body.note.head.n_descsz = 8;
	s->body.note.head.n_type = 4;
	memcpy(s->body.note.name, "Go\0", 4);
	add(s, PT_NOTE, offsetof(struct sample, body), sizeof(s->body.note));
}

static void add_go_build(struct sample *s)
{
	memcpy(s->body.bytes + 16, "\xff Go buildinf:", 14);
	add(s, PT_LOAD, offsetof(struct sample, body), sizeof(s->body))->p_flags = PF_W;
}

static void add_loader(struct sample *s, const char *loader, ElfW(Sxword) tag)
{
	strcpy(s->loader, loader);
	add(s, PT_INTERP, offsetof(struct sample, loader), strlen(loader) + 1);
	s->dynamic[0].d_tag = tag;
	add(s, PT_DYNAMIC, offsetof(struct sample, dynamic), sizeof(s->dynamic));
}

static enum elf_kind kind_of_bytes(const void *bytes, size_t len, char loader[PATH_MAX])
{
	int fd = memfd_create("sample", MFD_CLOEXEC);
	enum elf_kind kind;

	ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
	kind = elf_read(fd, loader);
	close(fd);
	return kind;
}

static enum elf_kind kind_of(const struct sample *s)
{
	char loader[PATH_MAX];

	return kind_of_bytes(s, sizeof(*s), loader);
}

START_TEST(kinds)
{
	char loader[PATH_MAX];
	struct sample s;

	begin(&s);
	add(&s, PT_LOAD, 0, sizeof(s));
	ck_assert_int_eq(kind_of(&s), ELF_STATIC);
	begin(&s);
	add_go_note(&s);
	ck_assert_int_eq(kind_of(&s), ELF_GO);
	s.body.note.head.n_type = 5;
	ck_assert_int_eq(kind_of(&s), ELF_STATIC);
	s.body.note.head.n_type = 4;
	add_loader(&s, "/bin/sh", DT_NEEDED); /* a loader makes no difference to Go */
	ck_assert_int_eq(kind_of(&s), ELF_GO);
	begin(&s);
	add_go_build(&s);
	ck_assert_int_eq(kind_of(&s), ELF_GO);
	s.part[0].p_flags = 0; /* sought in what is writable only */
	ck_assert_int_eq(kind_of(&s), ELF_STATIC);
	begin(&s);
	add_loader(&s, "/bin/sh", DT_NEEDED);
	ck_assert_int_eq(kind_of(&s), ELF_DYNAMIC);
	begin(&s);
	add_loader(&s, "/bin/sh", DT_NULL);
	ck_assert_int_eq(kind_of(&s), ELF_NO_LIBC);
	begin(&s);
	add_loader(&s, "/no/such/ld-linux.so", DT_NEEDED);
	ck_assert_int_eq(kind_of_bytes(&s, sizeof(s), loader), ELF_DYNAMIC);
	ck_assert_str_eq(loader, "/no/such/ld-linux.so");
	s.part[0].p_filesz--; /* the loader's name has no end */
	ck_assert_int_eq(kind_of(&s), ELF_BROKEN);
}
END_TEST

START_TEST(other_class)
{
	char loader[PATH_MAX];
	struct sample s;

	begin(&s);
	add(&s, PT_LOAD, 0, sizeof(s));
	s.head.e_ident[EI_CLASS] ^= ELFCLASS32 ^ ELFCLASS64;
	ck_assert_int_eq(kind_of(&s), ELF_OTHER_CLASS);
	ck_assert_int_eq(kind_of_bytes(&s, 52, loader), ELF_OTHER_CLASS);
	s.head.e_ident[EI_CLASS] ^= ELFCLASS32 ^ ELFCLASS64;
	s.head.e_ident[EI_DATA] ^= ELFDATA2LSB ^ ELFDATA2MSB;
	ck_assert_int_eq(kind_of(&s), ELF_OTHER_CLASS);
	s.head.e_ident[EI_DATA] ^= ELFDATA2LSB ^ ELFDATA2MSB;
	s.head.e_machine++;
	ck_assert_int_eq(kind_of(&s), ELF_OTHER_CLASS);
	s.head.e_machine--;
	s.head.e_type = ET_REL;
	ck_assert_int_eq(kind_of(&s), ELF_BROKEN);
	s.head.e_type = ET_EXEC;
	s.head.e_phentsize++;
	ck_assert_int_eq(kind_of(&s), ELF_BROKEN);
	s.head.e_phentsize--;
	s.head.e_phoff = (ElfW(Off)) - 8;
	ck_assert_int_eq(kind_of(&s), ELF_BROKEN);
	s.head.e_phoff = sizeof(s);
	ck_assert_int_eq(kind_of(&s), ELF_BROKEN);
}
END_TEST

START_TEST(hostile_notes)
{
	static const ElfW(Word)
		sizes[] = { 0, 1, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff };
	struct sample s;
	size_t i, j;

	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		for (j = 0; j < sizeof(sizes) / sizeof(*sizes); j++) {
			begin(&s);
			add_go_note(&s);
			s.body.note.head.n_namesz = sizes[i];
			s.body.note.head.n_descsz = sizes[j];
			ck_assert_int_eq(kind_of(&s), ELF_STATIC);
			s.part[0].p_align = 8;
			ck_assert_int_eq(kind_of(&s), ELF_STATIC);
			s.part[0].p_filesz = (ElfW(Xword)) - 1;
			ck_assert_int_eq(kind_of(&s), ELF_STATIC);
		}
}
END_TEST

START_TEST(objects)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int no = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	ck_assert(elf_is_object(fd)); /* a PIE is one, as far as its head tells */
	ck_assert(!elf_is_object(no));
	ck_assert(!elf_is_object(-1));
	close(fd);
	close(no);
}
END_TEST

/* Half copied: its head is there, but not all that it says is mapped. */
START_TEST(objects_cut_short)
{
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int to = memfd_create("cut", MFD_CLOEXEC);
	struct stat is;

	ck_assert_int_eq(fstat(from, &is), 0);
	ck_assert_int_eq(sendfile(to, from, NULL, (size_t)is.st_size), is.st_size);
	ck_assert(elf_is_object(to));
	ck_assert_int_eq(ftruncate(to, 5000), 0);
	ck_assert(!elf_is_object(to));
	close(from);
	close(to);
}
END_TEST

static bool sample_needs(const struct sample *s, const char *prefix)
{
	int fd = memfd_create("sample", MFD_CLOEXEC);
	bool needs;

	ck_assert_int_eq(write(fd, s, sizeof(*s)), (ssize_t)sizeof(*s));
	needs = elf_needs(fd, prefix);
	close(fd);
	return needs;
}

/* What the loader of this very program was asked for. */
START_TEST(needs)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int no = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	ck_assert(elf_needs(fd, "libc.so"));
	ck_assert(!elf_needs(fd, "libnothing.so"));
	ck_assert(!elf_needs(fd, "libc.so.such-a-version"));
	ck_assert(!elf_needs(no, "libc.so"));
	ck_assert(!elf_needs(-1, "libc.so"));
	close(fd);
	close(no);
}
END_TEST

START_TEST(hostile_needs)
{
	static const uint64_t far[] = { 0, 63, 64, 1 << 20, INT64_MAX, UINT64_MAX };
	struct sample s;

	begin(&s);
	add(&s, PT_LOAD, 0, sizeof(s))->p_vaddr = 0x1000;
	strcpy(s.body.bytes + 8, "libhost.so");
	add(&s, PT_DYNAMIC, offsetof(struct sample, dynamic), sizeof(s.dynamic));
	s.dynamic[0].d_tag = DT_STRTAB;
	s.dynamic[0].d_un.d_ptr = 0x1000 + offsetof(struct sample, body);
	s.dynamic[1].d_tag = DT_NEEDED;
	s.dynamic[1].d_un.d_val = 8;
	ck_assert(sample_needs(&s, "libhost.so"));
	ck_assert(sample_needs(&s, "lib"));
	for (size_t i = 0; i < sizeof(far) / sizeof(*far); i++) {
		s.dynamic[1].d_un.d_val = (ElfW(Xword))far[i];
		ck_assert(!sample_needs(&s, "libhost.so"));
		s.dynamic[1].d_un.d_val = 8;
		s.dynamic[0].d_un.d_ptr = (ElfW(Addr))far[i];
		ck_assert(!sample_needs(&s, "libhost.so"));
		s.dynamic[0].d_un.d_ptr = 0x1000 + offsetof(struct sample, body);
	}
	s.part[0].p_filesz = offsetof(struct sample, body); /* names in no part */
	ck_assert(!sample_needs(&s, "libhost.so"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("elf");
	TCase *tests = tcase_create("elf");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tests);
	tcase_add_test(tests, kinds);
	tcase_add_test(tests, other_class);
	tcase_add_test(tests, hostile_notes);
	tcase_add_test(tests, objects);
	tcase_add_test(tests, objects_cut_short);
	tcase_add_test(tests, needs);
	tcase_add_test(tests, hostile_needs);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
