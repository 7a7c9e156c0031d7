/* SPDX-License-Identifier: MIT */
/* bookshelf: the files of ledgers; see bookshelf.h. */
#include "preload/bookshelf.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <sys/mman.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/self.h"
#include "core/share.h"
#include "core/sys.h"
#include "preload/state.h"

#define LENT ".exec"
#define DAY_S 86400
#define DEAD_MOST 256	/* more of them than this are too many */
#define NAMES_MOST 4096 /* that are looked at */
#define REMOVE_MOST 16	/* at a time */

static char kept[BOOKSHELF_NAME]; /* empty: there is no file */

static void put_name(struct text *t, uint64_t pid, uint64_t start)
{
	text_str(t, LEDGER_FILE);
	text_num(t, pid);
	text_char(t, '.');
	text_num(t, start);
}

/* --- those of the dead ------------------------------------------------------------ */

struct sweep {
	uint64_t space;
	uint32_t now_s;
	int dead, removed;
};

/* Its head as far as it goes; what it says is believed only of its own file. */
static bool read_head(const char *name, struct ledger_head *ret)
{
	TEXT(path, PATH_MAX);
	int fd;
	long got;

	text_str(&path, state_directory());
	text_char(&path, '/');
	text_str(&path, name);
	fd = (int)sys4(SYS_openat, AT_FDCWD, path.at,
		       O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0);
	if (fd < 0)
		return false;
	got = sys3(SYS_read, fd, ret, sizeof(*ret));
	sys_close(fd);
	return got == (long)sizeof(*ret);
}

static bool is_old(const struct ledger_head *h, uint32_t now_s)
{
	uint32_t last_s = h->begun_s + h->last / 10;

	return !h->open || last_s > now_s || now_s - last_s > DAY_S;
}

static void judge(const char *name, void *with)
{
	struct sweep *w = with;
	struct ledger_head h;
	uint64_t pid = 0;

	if (w->removed >= REMOVE_MOST ||
	    !text_number(text_behind(name, LEDGER_FILE), &pid) || !pid ||
	    pid > INT32_MAX || sys2(SYS_kill, pid, 0) != -ESRCH)
		return;
	if (!read_head(name, &h) || h.pid_space != w->space)
		return; /* of another container: it may well be alive there */
	if (!is_old(&h, w->now_s) && w->dead++ < DEAD_MOST)
		return;
	w->removed++;
	share_remove(state_directory(), name);
}

static void sweep(uint64_t space)
{
	struct sweep w = { .space = space, .now_s = clock_today_s() };

	share_each(state_directory(), LEDGER_FILE, NAMES_MOST, judge, &w);
}

/* --- this one --------------------------------------------------------------------- */

static struct ledger *in_memory(const struct ledger_owner *o)
{
	static atomic_flag said = ATOMIC_FLAG_INIT;
	void *at;

	log_once(&said, LOG_INFO, "ledger",
		 "there is no room in the state directory, or no right, "
		 "tfo leaks will not find this process");
	if (share_private(LEDGER_BYTES, &at))
		return NULL;
	ledger_begin(at, o);
	return at;
}

static void put_own_name(char *ret_name, const struct ledger_owner *o)
{
	struct text name = { ret_name, 0, BOOKSHELF_NAME };

	put_name(&name, o->pid, o->start);
	text_char(&name, '.');
	text_num(&name, (uint64_t)sys1(SYS_gettid, 0));
}

struct ledger *bookshelf_new(char *ret_name, uint32_t parent)
{
	char program[LEDGER_PATH];
	struct self_process self;
	struct ledger_owner o = {
		.parent = parent,
		.begun_us = clock_coarse_us(),
		.begun_s = clock_today_s(),
		.program = program,
	};
	long n = sys4(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", program,
		      sizeof(program) - 1);
	void *at;

	self_process(&self);
	o.pid = self.pid;
	o.start = self.start;
	o.pid_space = self.pid_space;
	program[n > 0 ? n : 0] = 0;
	put_own_name(ret_name, &o);
	if (*state_directory() &&
	    !share_create(state_directory(), ret_name, LEDGER_BYTES, &at)) {
		if (ledger_begin(at, &o))
			return at;
		bookshelf_put_back(at, ret_name);
	}
	*ret_name = 0;
	return in_memory(&o);
}

void bookshelf_keep(struct ledger *l, const char *name)
{
	struct text to = { kept, 0, sizeof(kept) };
	TEXT(lent, BOOKSHELF_NAME);

	kept[0] = 0;
	if (!*name)
		return;
	put_name(&to, l->head.pid, l->head.start);
	share_rename(state_directory(), name, kept);
	text_str(&lent, kept);
	text_str(&lent, LENT);
	share_remove(state_directory(),
		     lent.at); /* the program before this one left it */
	sweep(l->head.pid_space);
}

void bookshelf_put_back(struct ledger *l, const char *name)
{
	if (*name)
		share_remove(state_directory(), name);
	bookshelf_drop(l);
}

void bookshelf_drop(struct ledger *l)
{
	sys2(SYS_munmap, l, LEDGER_BYTES);
}

void bookshelf_forget(void)
{
	kept[0] = 0;
}

static void rename_lent(bool back)
{
	TEXT(lent, BOOKSHELF_NAME);

	if (!kept[0])
		return;
	text_str(&lent, kept);
	text_str(&lent, LENT);
	share_rename(state_directory(), back ? lent.at : kept, back ? kept : lent.at);
}

void bookshelf_lend(void)
{
	rename_lent(false);
}

void bookshelf_get_back(void)
{
	rename_lent(true);
}

bool bookshelf_remove(void)
{
	bool gone = !kept[0] || !share_remove(state_directory(), kept);

	kept[0] = 0;
	return gone;
}

void bookshelf_path(struct text *t)
{
	if (!kept[0])
		return;
	text_str(t, state_directory());
	text_char(t, '/');
	text_str(t, kept);
}
