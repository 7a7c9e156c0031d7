/* SPDX-License-Identifier: MIT */
/* feed: connections of all programs, as they end; see feed.h. */
#include "cli/feed.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "cli/counted.h"
#include "core/clock.h"
#include "core/share.h"

#define ASKED_CS 1000	 /* programs tell for so long, if nobody asks again */
#define STUCK_US 1000000 /* a writer that is only slow needs less */

/* --- the file -------------------------------------------------------------------- */

static bool find_file(struct text *path)
{
	if (!share_directory(path, getenv("TFOSHIM_STATE"), getenv("XDG_RUNTIME_DIR")))
		return false;
	text_str(path, "/" TRAFFIC_FILE);
	return path->n + 1 < path->room;
}

/* As the first program would make it. */
static void make_file(void)
{
	TEXT(directory, PATH_MAX);
	void *at;

	if (share_directory(&directory, getenv("TFOSHIM_STATE"),
			    getenv("XDG_RUNTIME_DIR")) &&
	    !share_map(directory.at, TRAFFIC_FILE, sizeof(struct traffic), &at))
		munmap(at, sizeof(struct traffic));
}

/* Which one it is: to notice when another has its name. */
static void identify(struct feed *f)
{
	TEXT(path, PATH_MAX);
	struct stat st;

	if (!find_file(&path) || stat(path.at, &st))
		return;
	f->device = st.st_dev;
	f->inode = st.st_ino;
}

/* Missing, or made just now and still empty. */
static bool is_to_come(void)
{
	TEXT(path, PATH_MAX);
	struct stat st;

	return find_file(&path) &&
	       (lstat(path.at, &st) ? errno == ENOENT : !st.st_size);
}

int feed_open(struct feed *ret, struct text *why, bool *ret_new)
{
	struct feed f = { .t = NULL };
	bool is_missing;

	*ret_new = is_to_come();
	if (*ret_new)
		make_file();
	f.t = counted_map(why, &is_missing);
	if (!f.t)
		return is_missing && *ret_new ? -ENOENT : -EINVAL;
	identify(&f);
	feed_keep(&f);
	f.at = f.events = traffic_now(f.t);
	f.missed = 0;
	*ret = f;
	return 0;
}

bool feed_is_stale(const struct feed *f)
{
	TEXT(path, PATH_MAX);
	struct stat st;

	return find_file(&path) && !stat(path.at, &st) && st.st_size &&
	       (st.st_dev != f->device || st.st_ino != f->inode);
}

void feed_drop(struct feed *f)
{
	munmap(f->t, sizeof(*f->t));
}

/* --- what is missed -------------------------------------------------------------- */

/*
 * How many connections have ended, modulo 2^32; but for those within this host, which
 * are counted many at a time and told one by one to nobody.
 */
static uint32_t count_ended(const struct traffic *t)
{
	uint32_t n = 0;

	for (int o = 0; o < OUTCOMES; o++)
		for (int r = 0; r < TRAFFIC_REASONS; r++)
			if (o != OUTCOME_plain || r != REASON_local)
				n += atomic_load(&t->all.n[o][r]);
	return n;
}

/* Who was stopped for long was forgotten: what ended then is no event. */
void feed_keep(struct feed *f)
{
	uint64_t now = clock_today_cs(), events = traffic_now(f->t);
	uint32_t ended = count_ended(f->t);
	uint32_t untold = ended - f->ended - (uint32_t)(events - f->events);

	if (now >= f->until_cs && untold < 1u << 31)
		f->missed += untold;
	f->until_cs = now + ASKED_CS;
	f->ended = ended;
	f->events = events;
	traffic_watch(f->t, f->until_cs);
}

uint64_t feed_missed(struct feed *f)
{
	uint64_t n = f->missed;

	f->missed = 0;
	return n;
}

/* --- events ---------------------------------------------------------------------- */

/* Its writer was killed, or is no program of ours: others wait behind it. */
static void step_over(struct feed *f)
{
	uint64_t now = clock_now_us();

	if (f->at >= traffic_now(f->t)) {
		f->stuck_us = 0;
	} else if (!f->stuck_us) {
		f->stuck_us = now;
	} else if (now - f->stuck_us > STUCK_US) {
		f->stuck_us = 0;
		f->at++;
		f->missed++;
	}
}

bool feed_next(struct feed *f, struct traffic_event *ret)
{
	uint64_t lost;
	bool found = traffic_next(f->t, &f->at, ret, &lost);

	f->missed += lost;
	if (found)
		f->stuck_us = 0;
	else
		step_over(f);
	return found;
}
