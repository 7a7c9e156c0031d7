/* SPDX-License-Identifier: MIT */
/* symbols: names for the frames of a ledger; see symbols.h. */
#include "cli/symbols.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/lines.h"
#include "core/clock.h"

#define PATIENCE_MS 20000
#define ANSWER_MOST (64u << 20)
#define MEMORY_MOST ((rlim_t)8 << 30)

void symbols_want(struct symbols *s, uint64_t frame)
{
	if (s->n == s->room) {
		size_t room = 2 * s->room + 64;
		void *more = reallocarray(s->frame, room, sizeof(*s->frame));

		if (!more)
			return;
		s->frame = more;
		s->room = room;
	}
	s->frame[s->n++] = (struct symbols_frame){ .frame = frame };
}

static int by_frame(const void *a, const void *b)
{
	const struct symbols_frame *x = a, *y = b;

	return (x->frame > y->frame) - (x->frame < y->frame);
}

/* Sorted, those of a module lie together; none twice. */
static void sort(struct symbols *s)
{
	size_t kept = 0;

	if (s->n)
		qsort(s->frame, s->n, sizeof(*s->frame), by_frame);
	for (size_t i = 0; i < s->n; i++)
		if (!kept || s->frame[i].frame != s->frame[kept - 1].frame)
			s->frame[kept++] = s->frame[i];
	s->n = kept;
}

/* --- the one who looks ------------------------------------------------------------ */

struct looker {
	FILE *to;
	size_t frame;
};

enum { FRAME, LINE, HOW, FUNCTION, SYMBOL, FILE_NAME, TEXTS };

static void write_name(const struct lines_name *name, void *with)
{
	const struct looker *k = with;
	const char *const texts[] = { name->inlined ? "inlined" : "", name->function,
				      name->symbol, name->file };

	fprintf(k->to, "%zu%c%u%c", k->frame, 0, name->line, 0);
	for (int i = 0; i < TEXTS - HOW; i++)
		fprintf(k->to, "%s%c", texts[i] ? texts[i] : "", 0);
}

static void look(const struct symbols *s, size_t from, const struct ledger *l,
		 const struct process *p, FILE *to)
{
	unsigned int open = 0;
	struct lines *lines = NULL;
	struct ledger_image image;

	for (size_t i = from; i < s->n; i++) {
		unsigned int module = ledger_view_frame_module(s->frame[i].frame);
		struct looker k = { to, i };

		write_name(&(struct lines_name){ 0 }, &k); /* so far it has come */
		fflush(to);
		if (module != open) {
			if (lines)
				lines_close(lines);
			lines = ledger_view_module(l, module, &image)
					? lines_open(p, &image)
					: NULL;
			open = module;
		}
		if (lines)
			lines_name(lines, ledger_view_frame_offset(s->frame[i].frame),
				   write_name, &k);
	}
	fflush(to);
}

static unsigned int patience(const struct symbols *s)
{
	return s->patience_ms ? s->patience_ms : PATIENCE_MS;
}

/*
 * The files are what the program's user wrote: root reads them as that user, so that
 * whoever gets the better of the reader has won nothing. A program that hides from its
 * user belongs to root in /proc; only root can have made it so.
 */
static bool become_user_of(const struct process *p)
{
	char path[PROCESS_PATH];
	struct stat owner;

	if (geteuid() || !p)
		return true;
	process_path(p, "", path);
	if (stat(path, &owner))
		return false;
	return !owner.st_uid || (!setgroups(0, NULL) &&
				 !setresgid(owner.st_gid, owner.st_gid, owner.st_gid) &&
				 !setresuid(owner.st_uid, owner.st_uid, owner.st_uid));
}

/* Enough for the largest programs there are, and no more. */
static void limit_oneself(const struct symbols *s)
{
	const rlim_t seconds = (patience(s) + 999) / 1000;
	const struct rlimit cpu = { seconds, seconds }, none = { 0, 0 },
			    memory = { MEMORY_MOST, MEMORY_MOST };

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* behind the change of the user */
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	setrlimit(RLIMIT_CPU, &cpu);
	setrlimit(RLIMIT_CORE, &none);
	setrlimit(RLIMIT_AS, &memory);
	unsetenv("DEBUGINFOD_URLS"); /* nobody else is asked */
}

static pid_t start(const struct symbols *s, size_t from, const struct ledger *l,
		   const struct process *p, int *ret_from)
{
	int ends[2];
	pid_t pid;
	FILE *to;

	fflush(stdout);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid) {
		close(ends[1]);
		*ret_from = ends[0];
		if (pid < 0)
			close(ends[0]);
		return pid;
	}
	close(ends[0]);
	to = fdopen(ends[1], "w");
	if (!become_user_of(p))
		_exit(0);
	limit_oneself(s);
	if (to)
		look(s, from, l, p, to);
	_exit(0);
}

/* --- the one who asks ------------------------------------------------------------- */

struct answer {
	char *at;
	size_t n, room;
};

static bool grow(struct answer *a)
{
	size_t room = 2 * a->room + 65536;
	char *more = room <= ANSWER_MOST ? realloc(a->at, room) : NULL;

	if (more) {
		a->at = more;
		a->room = room;
	}
	return more;
}

/* false: the time is over, or there is no room. */
static bool hear(int from, uint64_t end_us, struct answer *a)
{
	for (;;) {
		uint64_t now = clock_now_us();
		struct pollfd p = { from, POLLIN, 0 };
		ssize_t n;

		if (a->n == a->room && !grow(a))
			return false;
		if (now >= end_us)
			return false;
		if (poll(&p, 1, (int)((end_us - now) / 1000) + 1) < 1)
			continue;
		n = read(from, a->at + a->n, a->room - a->n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0;
		a->n += (size_t)n;
	}
}

/* NULL: the text has no end. */
static const char *next_text(const struct answer *a, size_t *at)
{
	const char *text, *end;

	if (*at >= a->n)
		return NULL;
	text = a->at + *at;
	end = memchr(text, 0, a->n - *at);
	if (!end)
		return NULL;
	*at += (size_t)(end - text) + 1;
	return text;
}

/* false: that was the last one, or nothing that was asked for. */
static bool next_name(const struct symbols *s, const struct answer *a, size_t *at,
		      size_t *ret_frame, struct symbols_name *ret)
{
	const char *text[TEXTS];

	for (int i = 0; i < TEXTS; i++) {
		text[i] = next_text(a, at);
		if (!text[i])
			return false;
		if (!*text[i])
			text[i] = NULL;
	}
	*ret_frame = text[FRAME] ? strtoul(text[FRAME], NULL, 10) : s->n;
	*ret = (struct symbols_name){
		.function = text[FUNCTION],
		.symbol = text[SYMBOL],
		.file = text[FILE_NAME],
		.line = text[LINE] ? (unsigned int)strtoul(text[LINE], NULL, 10) : 0,
		.inlined = text[HOW],
	};
	return *ret_frame < s->n;
}

/* All of it is there now and will not move any more. */
static void take_names(struct symbols *s, struct answer *a)
{
	size_t at = 0, frame, n = 0, names = 0;
	struct symbols_name name;

	while (next_name(s, a, &at, &frame, &name))
		n++;
	s->name = calloc(n + 1, sizeof(*s->name));
	s->text = a->at;
	for (at = 0; s->name && next_name(s, a, &at, &frame, &name);) {
		if (!name.function && !name.file)
			continue;
		if (!s->frame[frame].names)
			s->frame[frame].name = &s->name[names];
		if (&s->frame[frame].name[s->frame[frame].names] != &s->name[names])
			continue; /* not beside the others: none of ours */
		s->name[names++] = name;
		s->frame[frame].names++;
	}
}

/* How far it came: the last frame that was begun. What is broken off is dropped. */
static size_t last_begun(const struct symbols *s, struct answer *a, size_t from)
{
	size_t at = from, frame, last = 0;
	struct symbols_name name;

	while (next_name(s, a, &at, &frame, &name)) {
		last = frame;
		from = at;
	}
	a->n = from;
	return last;
}

/* Where to go on: behind the module whose file it did not survive. */
static size_t behind_module(const struct symbols *s, size_t i)
{
	unsigned int module = ledger_view_frame_module(s->frame[i].frame);

	while (i < s->n && ledger_view_frame_module(s->frame[i].frame) == module)
		i++;
	return i;
}

void symbols_find(struct symbols *s, const struct ledger *l, const struct process *p)
{
	uint64_t end_us = clock_now_us() + patience(s) * UINT64_C(1000);
	struct answer a = { 0 };
	size_t from = 0;

	sort(s);
	while (from < s->n) {
		size_t had = a.n, last;
		int end, status = 0;
		pid_t pid = start(s, from, l, p, &end);
		bool heard = pid > 0 && hear(end, end_us, &a);

		if (pid <= 0)
			break;
		close(end);
		if (!heard)
			kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		if (heard && WIFEXITED(status) && !WEXITSTATUS(status))
			from = s->n;
		last = last_begun(s, &a, had);
		if (from == s->n || !heard || last < from)
			break;
		from = behind_module(s, last);
		s->cut = true;
	}
	s->cut = s->cut || from < s->n;
	take_names(s, &a);
}

const struct symbols_frame *symbols_of(const struct symbols *s, uint64_t frame)
{
	const struct symbols_frame key = { .frame = frame };

	return s->n ? bsearch(&key, s->frame, s->n, sizeof(key), by_frame) : NULL;
}

void symbols_drop(struct symbols *s)
{
	free(s->frame);
	free(s->name);
	free(s->text);
	*s = (struct symbols){ 0 };
}
