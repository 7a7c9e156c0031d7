/* SPDX-License-Identifier: MIT */
/* files: policy files and directories of them; see files.h. */
#include "core/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "core/clock.h"
#include "core/sys.h"

#define BYTES_MOST (8 << 20)
#define PASSWD_MOST (256 << 20) /* some sites have a million users in it */
#define YOUNG_S 2
#define ENTRIES_BYTES 4096
#define SUFFIX ".policy"

struct entry {
	const char *name;
	struct entry *next;
};

struct loading {
	struct policy *p;
	const struct policy_reader *reader;
	struct arena scratch;
	bool later;
};

/* --- errors ---------------------------------------------------------------------- */

static const struct {
	int e;
	const char *sentence;
} sentences[] = {
	{ ENOENT, "this does not exist" },
	{ EACCES, "this cannot be read: permission denied" },
	{ EPERM, "this cannot be read: operation not permitted" },
	{ ELOOP, "this cannot be read: its symbolic links go round in a circle" },
	{ ENOLINK, "this symbolic link leads nowhere" },
	{ ENOTDIR, "this cannot be read: a part of its path is no directory" },
	{ EISDIR, "this is a directory, where a file is expected" },
	{ ENXIO, "this is no regular file" },
	{ EFBIG, "this file is larger than 8 MiB" },
	{ ENOMEM, "there is no memory for this file" },
	{ ENAMETOOLONG, "this cannot be read: its name is too long" },
	{ EMFILE, "this cannot be read: too many open files" },
	{ EIO, "this cannot be read: input/output error" },
};

static bool passes(int e)
{
	return e == EMFILE || e == ENFILE || e == ENOMEM || e == EINTR || e == EAGAIN;
}

static bool tell(struct loading *l, const char *path, int e)
{
	TEXT(other, 64);

	if (passes(e)) {
		l->later = true;
		return false;
	}
	for (size_t i = 0; i < sizeof(sentences) / sizeof(*sentences); i++)
		if (sentences[i].e == e) {
			l->reader->error(l->reader->to, path, 0, 0,
					 sentences[i].sentence);
			return false;
		}
	text_str(&other, "this cannot be read: error ");
	text_num(&other, (uint64_t)e);
	l->reader->error(l->reader->to, path, 0, 0, other.at);
	return false;
}

/* --- one file -------------------------------------------------------------------- */

/* A link that leads nowhere is there, unlike what it leads to: -ENOLINK. */
static int open_to_read(int directory, const char *name)
{
	struct stat st;
	int fd = (int)sys4(SYS_openat, directory, name,
			   O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);

	if (fd == -ENOENT &&
	    !sys4(SYS_newfstatat, directory, name, &st, AT_SYMLINK_NOFOLLOW) &&
	    S_ISLNK(st.st_mode)) /* else it came back in this moment */
		return -ENOLINK;
	return fd;
}

/* Reads it whole, at most as long as it was at first; bytes, or negative errno. */
static long slurp(struct arena *a, int fd, size_t most, char **ret)
{
	struct stat st;
	size_t n = 0;
	long r = sys2(SYS_fstat, fd, &st);

	if (r < 0)
		return r;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -ENXIO;
	if ((size_t)st.st_size > most)
		return -EFBIG;
	*ret = arena_take(a, (size_t)st.st_size + 1);
	if (!*ret)
		return -ENOMEM;
	while (n < (size_t)st.st_size) {
		r = sys3(SYS_read, fd, *ret + n, (size_t)st.st_size - n);
		if (r == -EINTR)
			continue;
		if (r < 0)
			return r;
		if (r == 0)
			break;
		n += (size_t)r;
	}
	return (long)n;
}

static bool load_file(struct loading *l, int directory, const char *name,
		      const char *path)
{
	int fd = open_to_read(directory, name);
	char *bytes = NULL;
	long n;

	if (fd == -ENOENT && directory != AT_FDCWD)
		return true; /* taken away since it was listed */
	if (fd < 0)
		return tell(l, path, -fd);
	n = slurp(&l->scratch, fd, BYTES_MOST, &bytes);
	sys_close(fd);
	if (n < 0)
		return tell(l, path, (int)-n);
	path = arena_text(&l->p->arena, path, text_len(path));
	return path && policy_parse(l->p, path, bytes, (size_t)n, l->reader);
}

/* --- a directory ----------------------------------------------------------------- */

static bool is_policy(const char *name)
{
	size_t n = text_len(name), m = sizeof(SUFFIX) - 1;

	return n > m && *name != '.' && text_same(name + n - m, SUFFIX);
}

static bool comes_before(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return (unsigned char)*a < (unsigned char)*b;
}

static bool put_entry(struct arena *a, struct entry **first, const char *name)
{
	struct entry *e = arena_take(a, sizeof(*e));

	if (!e)
		return false;
	e->name = arena_text(a, name, text_len(name));
	e->next = *first;
	*first = e;
	return e->name != NULL;
}

static struct entry *merge(struct entry *a, struct entry *b)
{
	struct entry *first = NULL, **last = &first;

	while (a && b) {
		struct entry **from = comes_before(b->name, a->name) ? &b : &a;

		*last = *from;
		last = &(*last)->next;
		*from = *last;
	}
	*last = a ? a : b;
	return first;
}

/* The first n of them in their order; *rest: the others. */
static struct entry *sort(struct entry *e, size_t n, struct entry **rest)
{
	struct entry *half;

	if (n < 2) {
		*rest = n ? e->next : e;
		if (n)
			e->next = NULL;
		return n ? e : NULL;
	}
	half = sort(e, n / 2, &e);
	return merge(half, sort(e, n - n / 2, rest));
}

struct linux_dirent64 { /* getdents(2) */
	uint64_t ino;
	int64_t off;
	unsigned short reclen;
	unsigned char type;
	char name[];
};

/* The names in their order, or negative errno. */
static int list(struct arena *a, int fd, struct entry **ret)
{
	struct entry *rest;
	char *bytes = arena_take(a, ENTRIES_BYTES); /* a handler's stack is small */
	size_t entries = 0;
	long n;

	if (!bytes)
		return -ENOMEM;
	while ((n = sys3(SYS_getdents64, fd, bytes, ENTRIES_BYTES)) > 0)
		for (long at = 0; at < n;) {
			struct linux_dirent64 *d =
				(struct linux_dirent64 *)(void *)(bytes + at);

			at += d->reclen;
			if (!is_policy(d->name))
				continue;
			if (!put_entry(a, ret, d->name))
				return -ENOMEM;
			entries++;
		}
	*ret = sort(*ret, entries, &rest);
	return (int)n;
}

static bool load_directory(struct loading *l, int fd, const char *path)
{
	struct entry *e = NULL;
	int err = list(&l->scratch, fd, &e);
	bool good = true;

	if (err)
		return tell(l, path, -err);
	for (; e; e = e->next) {
		TEXT(name, 1024);

		text_str(&name, path);
		text_char(&name, '/');
		text_str(&name, e->name);
		good &= load_file(l, fd, e->name, name.at);
	}
	return good;
}

static bool load(struct loading *l, const char *path, bool must_exist)
{
	struct stat st;
	bool good;
	int fd;

	/* asked first, since that needs no descriptor */
	if (!must_exist &&
	    sys4(SYS_newfstatat, AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) == -ENOENT)
		return true;
	fd = open_to_read(AT_FDCWD, path);
	if (fd < 0)
		return tell(l, path, -fd);
	if (!sys2(SYS_fstat, fd, &st) && S_ISDIR(st.st_mode))
		good = load_directory(l, fd, path);
	else
		good = load_file(l, AT_FDCWD, path, path);
	sys_close(fd);
	return good;
}

enum files_result files_load(struct policy *p, const char *path, bool must_exist,
			     const struct policy_reader *reader)
{
	struct loading l = { p, reader, { NULL, 0 }, false };
	bool good = load(&l, path, must_exist);

	arena_drop(&l.scratch);
	return good ? FILES_GOOD : l.later ? FILES_LATER : FILES_BAD;
}

/* --- has it changed? ------------------------------------------------------------- */

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

static uint64_t mix_stat(uint64_t h, const struct stat *st, bool *ret_young)
{
	int64_t age = (int64_t)clock_today_s() - st->st_ctim.tv_sec;

	h = mix(h, st->st_dev);
	h = mix(h, st->st_ino);
	h = mix(h, (uint64_t)st->st_size);
	h = mix(h, (uint64_t)st->st_mtim.tv_sec * 1000000000 +
			   (uint64_t)st->st_mtim.tv_nsec);
	h = mix(h, (uint64_t)st->st_ctim.tv_sec * 1000000000 +
			   (uint64_t)st->st_ctim.tv_nsec);
	if (age <= YOUNG_S && age >= -YOUNG_S) /* the clock may have been set back */
		*ret_young = true;
	return h;
}

static uint64_t mix_entries(uint64_t h, int fd, bool *ret_young)
{
	struct arena scratch = { NULL, 0 };
	struct entry *e = NULL;
	struct stat st;

	list(&scratch, fd, &e);
	for (; e; e = e->next) {
		for (const char *c = e->name; *c; c++)
			h = mix(h, (unsigned char)*c);
		if (!sys4(SYS_newfstatat, fd, e->name, &st, 0))
			h = mix_stat(h, &st, ret_young);
	}
	arena_drop(&scratch);
	return h;
}

uint64_t files_stamp(const char *path, bool *ret_young)
{
	struct stat st;
	uint64_t h = 1;
	int fd;

	*ret_young = false;
	if (sys4(SYS_newfstatat, AT_FDCWD, path, &st, 0))
		return h;
	h = mix_stat(h, &st, ret_young);
	if (S_ISDIR(st.st_mode)) {
		fd = open_to_read(AT_FDCWD, path);
		if (fd >= 0) {
			h = mix_entries(h, fd, ret_young);
			sys_close(fd);
		}
	}
	return h ? h : 1;
}

/* --- users ----------------------------------------------------------------------- */

/* The field behind the next colon of this line. */
static const char *field(const char *s, const char *end)
{
	while (s < end && *s != ':' && *s != '\n')
		s++;
	return s < end && *s == ':' ? s + 1 : end;
}

static bool is_number(const char *s, const char *end, uint32_t wanted)
{
	uint64_t n = 0;
	const char *from = s;

	for (; s < end && *s >= '0' && *s <= '9' && n <= UINT32_MAX; s++)
		n = n * 10 + (uint64_t)(*s - '0');
	return s != from && n == wanted;
}

bool files_user_name(uint32_t uid, struct text *ret)
{
	struct arena scratch = { NULL, 0 };
	int fd = open_to_read(AT_FDCWD, "/etc/passwd");
	const char *line, *end;
	char *bytes = NULL;
	bool found = false;
	long n;

	if (fd < 0)
		return false;
	n = slurp(&scratch, fd, PASSWD_MOST, &bytes);
	sys_close(fd);
	end = bytes + (n > 0 ? n : 0);
	for (line = bytes; n > 0 && line < end && !found;) {
		const char *password = field(line, end);

		found = is_number(field(password, end), end, uid);
		for (const char *c = line; found && *c != ':'; c++)
			text_char(ret, *c);
		while (line < end && *line++ != '\n')
			;
	}
	arena_drop(&scratch);
	return found;
}
