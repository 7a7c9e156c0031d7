/* SPDX-License-Identifier: MIT */
/* ledgers: which ledgers there are; see ledgers.h. */
#include "cli/ledgers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/regular.h"
#include "core/ledger_view.h"
#include "core/share.h"

#define PEEK(x) atomic_load_explicit(&(x), memory_order_relaxed)
#define NAME_BYTES 64
#define PATH_BYTES (PATH_MAX + 256)

struct search {
	const char *who;     /* NULL: everybody */
	int pid;	     /* who, where that is a number */
	char path[PATH_MAX]; /* who, where that is a path */
	const char *file;    /* who, where that is the file of a ledger */
	void (*f)(const struct ledgers_one *one, void *with);
	void *with;
	struct ledgers_tally *tally;
	char directory[PATH_MAX];
	int state; /* the same, open; negative: there is none */
	struct stat owner;
	bool everywhere; /* not only there */
	ino_t *seen;	 /* files there that have been told of */
	size_t seen_n, seen_room;
};

static void refuse(struct search *s, const char *path, const char *why)
{
	s->tally->refused++;
	say_error("%s is not read: %s", path, why);
}

static void tell(struct search *s, struct ledgers_one *one)
{
	s->tally->found++;
	s->f(one, s->with);
	page_drop(&one->page);
}

/* --- the state directory ---------------------------------------------------------- */

static void open_state(struct search *s)
{
	const char *setting = getenv("TFOSHIM_STATE");
	struct text t = { s->directory, 0, sizeof(s->directory) };

	s->everywhere = !s->file && (s->who || !setting || !*setting);
	s->state = -1;
	if (!s->file && !share_directory(&t, setting, getenv("XDG_RUNTIME_DIR")))
		return;
	s->state = open(s->directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (s->state < 0 && errno == ENOENT)
		return;
	if (s->state < 0) {
		refuse(s, s->directory, strerror(errno));
		return;
	}
	fstat(s->state, &s->owner);
	if (s->owner.st_uid == geteuid() || !geteuid())
		return;
	refuse(s, s->directory, "it belongs to another user");
	close(s->state);
	s->state = -1;
}

static const char *why_refused(const struct search *s, int fd, const struct stat *st)
{
	if (fd < 0)
		return fd == -ELOOP    ? "it is a symbolic link"
		       : fd == -EINVAL ? "it is no regular file"
				       : strerror(-fd);
	if (st->st_uid != s->owner.st_uid && st->st_uid != geteuid())
		return "it belongs to another user";
	if (st->st_mode & 022)
		return "others may write to it";
	if (st->st_nlink > 1)
		return "it has a second name";
	if (st->st_size != (off_t)LEDGER_BYTES)
		return "it is not as long as a ledger of this version";
	return NULL;
}

/* false: there is none of this name, or it was refused. */
static bool read_named(struct search *s, const char *name, struct ledgers_one *one,
		       char path[PATH_BYTES], ino_t *ret_file)
{
	struct stat st = { 0 };
	int fd = regular_open(s->state, name, &st);
	const char *why;

	if (fd == -ENOENT)
		return false;
	snprintf(path, PATH_BYTES, "%s/%s", s->directory, name);
	*ret_file = st.st_ino;
	one->path = path;
	why = why_refused(s, fd, &st);
	if (!why && page_read(fd, 0, &one->page))
		return true;
	if (why && fd >= 0)
		close(fd);
	refuse(s, path, why ? why : "it is no ledger of this version");
	return false;
}

static void note_seen(struct search *s, ino_t file)
{
	if (s->seen_n == s->seen_room) {
		size_t room = 2 * s->seen_room + 64;
		ino_t *more = reallocarray(s->seen, room, sizeof(*more));

		if (!more)
			return;
		s->seen = more;
		s->seen_room = room;
	}
	s->seen[s->seen_n++] = file;
}

static bool was_seen(const struct search *s, ino_t file)
{
	for (size_t i = 0; i < s->seen_n; i++)
		if (s->seen[i] == file)
			return true;
	return false;
}

/* --- of those who run ------------------------------------------------------------- */

static bool is_of(const struct page *page, const struct process *p)
{
	const struct ledger_head *h = &page->l->head;
	uint64_t space = PEEK(h->pid_space);

	return PEEK(h->pid) == p->own_pid &&
	       (!space || !p->pid_space || space == p->pid_space) &&
	       (PEEK(h->start) == p->start || !process_shares(p, "time"));
}

static void name_of(char ret[NAME_BYTES], const struct process *p)
{
	snprintf(ret, NAME_BYTES, LEDGER_FILE "%u.%llu", p->own_pid,
		 (unsigned long long)p->start);
}

static bool tell_named(struct search *s, const struct process *p)
{
	struct ledgers_one one = { .process = p };
	char name[NAME_BYTES], path[PATH_BYTES];
	ino_t file;

	name_of(name, p);
	if (s->state < 0 || !read_named(s, name, &one, path, &file))
		return false;
	if (!is_of(&one.page, p)) {
		page_drop(&one.page);
		return false;
	}
	note_seen(s, file);
	tell(s, &one);
	return true;
}

struct mapping {
	struct search *s;
	const struct process *p;
	bool told, has_object;
};

/* Its file where that is still to be had, else the memory itself. */
static bool read_mapping(const struct process *p, const struct maps_line *line,
			 struct page *ret)
{
	struct stat st = { 0 };
	int fd = process_file(p, line->path, &st);

	if (fd < 0 || st.st_ino != line->inode) {
		if (fd >= 0)
			close(fd);
		fd = process_mapped(p, line, &st);
	}
	if (fd >= 0 && st.st_size == (off_t)LEDGER_BYTES)
		return page_read(fd, 0, ret);
	if (fd >= 0)
		close(fd);
	fd = process_open(p, "mem", O_RDONLY);
	return fd >= 0 && page_read(fd, line->start, ret);
}

static bool find_mapping(const struct maps_line *line, void *with)
{
	struct mapping *m = with;
	const char *name = strrchr(line->path, '/');
	struct ledgers_one one = { .process = m->p, .path = line->path };
	struct stat st;

	name = name ? name + 1 : line->path;
	if (!strcmp(name, "libtfoshim.so"))
		m->has_object = true;
	if (!strncmp(name, "memfd:", 6))
		name += 6;
	if (line->offset || strncmp(name, LEDGER_FILE, strlen(LEDGER_FILE)) ||
	    !read_mapping(m->p, line, &one.page))
		return true;
	m->told = is_of(&one.page, m->p); /* else it is its parent's */
	if (!m->told) {
		page_drop(&one.page);
		return true;
	}
	if (m->s->state >= 0 && !fstat(one.page.fd, &st) &&
	    st.st_dev == m->s->owner.st_dev)
		note_seen(m->s, st.st_ino);
	tell(m->s, &one);
	return false;
}

static bool is_meant(const struct search *s, const char *program, const char *name)
{
	const char *last = strrchr(program, '/');

	if (!s->who || s->pid || s->file)
		return true;
	if (*s->path)
		return !strcmp(program, s->path);
	return !strcmp(last ? last + 1 : program, s->who) ||
	       (name && !strcmp(name, s->who));
}

/* It has made no socket yet, or its policy wants no ledger. */
static void tell_none(struct search *s, const struct process *p)
{
	struct ledgers_one one = { .process = p };

	if (page_empty(&one.page))
		tell(s, &one);
}

static bool look_at(const struct process *p, void *with)
{
	struct search *s = with;
	struct mapping m = { s, p, false, false };
	char name[NAME_BYTES];

	name_of(name, p);
	if (s->file ? strcmp(name, s->file) : !is_meant(s, p->program, p->name))
		return true;
	s->tally->running++;
	if (tell_named(s, p) || !s->everywhere)
		return true;
	if (!process_maps(p, find_mapping, &m))
		s->tally->is_hidden = true;
	if (s->who && m.has_object && !m.told)
		tell_none(s, p);
	return true;
}

/* --- of the dead ------------------------------------------------------------------ */

static bool is_page(const struct search *s, const char *name)
{
	unsigned long pid;
	char *end;

	if (strncmp(name, LEDGER_FILE, strlen(LEDGER_FILE)))
		return false;
	if (s->file)
		return !strcmp(name, s->file);
	pid = strtoul(name + strlen(LEDGER_FILE), &end, 10);
	if (*end != '.' || (s->pid && pid != (unsigned long)s->pid))
		return false;
	/* with more behind it: lent to a program that came by exec, not left */
	strtoull(end + 1, &end, 10);
	return !*end;
}

static void tell_left(struct search *s, const char *name)
{
	struct ledgers_one one = { .process = NULL };
	char path[PATH_BYTES], program[LEDGER_PATH];
	struct stat st;
	ino_t file;

	if (fstatat(s->state, name, &st, AT_SYMLINK_NOFOLLOW) ||
	    was_seen(s, st.st_ino) || !read_named(s, name, &one, path, &file))
		return;
	ledger_view_program(one.page.l, program);
	/* what it did after it had shut itself in is not known, nor can it be asked */
	if (is_meant(s, program, NULL) &&
	    PEEK(one.page.l->head.state) != LEDGER_STOPPED)
		tell(s, &one);
	else
		page_drop(&one.page);
}

static int by_age(int directory, const char *a, const char *b)
{
	struct stat x = { 0 }, y = { 0 };

	fstatat(directory, a, &x, AT_SYMLINK_NOFOLLOW);
	fstatat(directory, b, &y, AT_SYMLINK_NOFOLLOW);
	return x.st_mtime < y.st_mtime;
}

/* Of one pid only the newest: the number has had many owners. */
static void look_at_left(struct search *s)
{
	DIR *all = s->state < 0 ? NULL : fdopendir(dup(s->state));
	char newest[256] = "";
	struct dirent *entry;

	while (all && (entry = readdir(all))) {
		if (!is_page(s, entry->d_name))
			continue;
		if (!s->pid)
			tell_left(s, entry->d_name);
		else if (!*newest || by_age(s->state, newest, entry->d_name))
			snprintf(newest, sizeof(newest), "%s", entry->d_name);
	}
	if (*newest)
		tell_left(s, newest);
	if (all)
		closedir(all);
}

/* --- who is meant ----------------------------------------------------------------- */

/* The report at the end of a program names the file of its ledger. */
static bool read_file_name(struct search *s)
{
	const char *name = strrchr(s->who, '/');

	if (!name || strncmp(name + 1, LEDGER_FILE, strlen(LEDGER_FILE)))
		return false;
	s->file = name + 1;
	snprintf(s->directory, sizeof(s->directory), "%.*s",
		 (int)(name > s->who ? name - s->who : 1), s->who);
	return true;
}

static void read_who(struct search *s)
{
	char *end;
	long pid;

	if (!s->who || read_file_name(s))
		return;
	pid = strtol(s->who, &end, 10);
	if (!*end && pid > 0 && pid <= INT_MAX)
		s->pid = (int)pid;
	else if (strchr(s->who, '/') && !realpath(s->who, s->path))
		snprintf(s->path, sizeof(s->path), "%s", s->who);
}

void ledgers_each(const char *who, void (*f)(const struct ledgers_one *one, void *with),
		  void *with, struct ledgers_tally *ret)
{
	struct search s = { .who = who, .f = f, .with = with, .tally = ret };
	struct process p;

	*ret = (struct ledgers_tally){ 0 };
	read_who(&s);
	open_state(&s);
	if (!s.pid)
		process_each(look_at, &s);
	else if (process_look(s.pid, &p))
		look_at(&p, &s);
	if (!s.pid || !ret->running)
		look_at_left(&s);
	if (s.state >= 0)
		close(s.state);
	free(s.seen);
}
