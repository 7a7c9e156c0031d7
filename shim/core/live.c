/* SPDX-License-Identifier: MIT */
/* live: the policy in force; see live.h. */
#include "core/live.h"

#include <fcntl.h>
#include <linux/limits.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "core/clock.h"
#include "core/files.h"
#include "core/log.h"
#include "core/match.h"
#include "core/self.h"
#include "core/sys.h"

#define LOOK_AGAIN_US 400000 /* within a second, with room to spare */
#define NAME_MOST 200
#define THREAD_LOCAL __thread __attribute__((tls_model("initial-exec")))

struct version {
	struct policy policy; /* the rules, until another version takes them over */
	struct arena own;     /* the version itself and what it lays out */
	struct match *match;  /* NULL: it is not good */
	uint32_t uid;
	bool has_users;
	struct version *before; /* one that somebody may still read */
};

/* A path that is too long for the kernel has to stay so. */
static char path[PATH_MAX + 1];
static bool must_exist;
static _Atomic(struct version *) current;
static _Atomic int readers;
static _Atomic uint64_t look_us;	    /* not before then */
static atomic_flag busy = ATOMIC_FLAG_INIT; /* whose holder owns what follows */
static uint64_t stamp;			    /* of what was loaded, or tried */
static uint64_t said;			    /* which errors were said last */
static _Atomic unsigned int generation;

/* This thread's part of `readers` and of `busy`: what a fork child goes on with. */
static THREAD_LOCAL int asking;
static THREAD_LOCAL bool looking;

/* A relative path means the directory of now, wherever the program goes later. */
static void put_directory(struct text *t)
{
	char room[PATH_MAX];

	if (sys2(SYS_getcwd, room, sizeof(room)) <= 0)
		return;
	text_str(t, room);
	text_char(t, '/');
}

void live_setup(const char *setting)
{
	struct text p = { path, 0, sizeof(path) };

	must_exist = setting && *setting;
	if (must_exist && *setting != '/')
		put_directory(&p);
	text_str(&p, must_exist ? setting : FILES_DEFAULT);
}

/* --- errors ---------------------------------------------------------------------- */

struct errors {
	unsigned int n;
	struct text first;
};

static void put_clean(struct text *t, const char *s)
{
	for (; *s; s++)
		text_char(t, (unsigned char)*s < ' ' || *s == 127 ? '?' : *s);
}

static void note(void *to, const char *file, unsigned int line, unsigned int column,
		 const char *sentence)
{
	struct errors *e = to;
	size_t n = text_len(file);

	if (e->n++)
		return;
	text_str(&e->first, n > NAME_MOST ? "..." : "");
	put_clean(&e->first, n > NAME_MOST ? file + n - NAME_MOST : file);
	text_char(&e->first, ':');
	if (line) {
		text_num(&e->first, line);
		text_char(&e->first, ':');
		text_num(&e->first, column);
		text_char(&e->first, ':');
	}
	text_char(&e->first, ' ');
	put_clean(&e->first, sentence);
}

/* A file that changed just now is looked at again and again: its errors are said once.
 */
static void say(struct errors *e, uint64_t seen, bool had_one)
{
	uint64_t h = seen + e->n;
	struct log_entry entry;

	for (const char *c = e->first.at; *c; c++)
		h = (h ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
	if (h == said || !log_start(&entry, LOG_ERROR, "policy"))
		return;
	said = h;
	log_text(&entry, "message", e->first.at);
	log_number(&entry, "errors", e->n);
	log_text(&entry, "consequence",
		 had_one ? "keeping the policy before it" : "doing nothing at all");
	log_end(&entry);
}

/* --- versions -------------------------------------------------------------------- */

static uint32_t user(void)
{
	return (uint32_t)sys1(SYS_geteuid, 0);
}

static bool asks_for_users(const struct policy *p)
{
	for (const struct rule *r = p->rules.first; r; r = r->next)
		if (r->users)
			return true;
	return false;
}

/* Lays the rules out for who asks now.  NULL: no memory, and p is still the caller's.
 */
static struct version *version_new(const struct policy *p, bool good)
{
	struct policy rules = { { NULL, 0 }, p->rules };
	struct version *v = arena_take(&rules.arena, sizeof(*v));
	struct match_self self = { self_path(), user(), NULL };
	TEXT(name, 64);

	if (!v)
		return NULL;
	if (!self_path()[0])
		self_find();
	v->uid = self.uid;
	v->has_users = good && asks_for_users(p);
	if (v->has_users && files_user_name(self.uid, &name))
		self.user_name = name.at;
	if (good)
		v->match = match_build(&rules, &self);
	v->policy = *p;
	v->own = rules.arena;
	return v;
}

static void version_drop(struct version *v)
{
	struct policy p = v->policy;
	struct arena own = v->own; /* the version itself lies in it */

	policy_drop(&p);
	arena_drop(&own);
}

static void follow_log(const struct match *m)
{
	const struct rule *r = match_find(m, SECTION_log, NULL, NULL);

	log_follow((enum log_level)rule_value(r, KEY_level),
		   (enum log_format)rule_value(r, KEY_format), rule_text(r, KEY_file));
}

/* Whoever came before the swap may still read what was current then. */
static void swap(struct version *v)
{
	struct version *old = atomic_load(&current);

	if (v->match)
		follow_log(v->match);
	v->before = old;
	atomic_store(&current, v);
	atomic_fetch_add(&generation, 1);
	if (atomic_load(&readers) != 1)
		return; /* others than this one: at the next swap */
	v->before = NULL;
	while (old) {
		struct version *before = old->before;

		version_drop(old);
		old = before;
	}
}

/* false: not now; it is tried again. */
static bool load_again(uint64_t seen)
{
	char room[512] = "";
	struct errors e = { 0, { room, 0, sizeof(room) } };
	struct policy_reader reader = { note, &e };
	struct policy p = { .arena = { NULL, 0 } };
	struct version *was = atomic_load(&current), *v;
	bool had_one = was && was->match;

	/* a policy that is out of sight (chroot(2), unshare(2)) is not taken back */
	if (files_load(&p, path, must_exist || (had_one && was->policy.rules.n),
		       &reader) == FILES_LATER) {
		policy_drop(&p);
		return false;
	}
	if (e.n)
		say(&e, seen, had_one);
	else
		said = 0;
	v = version_new(&p, !e.n);
	if (!e.n && (!v || !v->match)) {
		note(&e, path, 0, 0, "there is no memory for this policy");
		say(&e, seen, had_one);
	}
	if (!v)
		policy_drop(&p);
	else if (had_one && !v->match)
		version_drop(v);
	else
		swap(v);
	return true;
}

static bool is_strange(const struct version *v)
{
	return v->has_users && v->uid != user();
}

/* The same rules for another user: who may not read the files any more, perhaps. */
static void lay_again(struct version *was)
{
	struct version *v = version_new(&was->policy, true);

	if (!v)
		return;
	if (!v->match) {
		struct arena own = v->own;

		arena_drop(&own);
		return;
	}
	was->policy.arena.block = NULL;
	swap(v);
}

void live_after_fork(void)
{
	atomic_store(&readers, asking);
	if (!looking && atomic_flag_test_and_set(&busy))
		stamp = 0; /* somebody was at it: what he read, the child has not */
	if (!looking)
		atomic_flag_clear(&busy);
}

static void look_at_files(void)
{
	bool young;
	uint64_t seen = files_stamp(path, &young);

	if (seen != stamp || !atomic_load(&current)) {
		/* a second change of a young file may look the same */
		stamp = load_again(seen) && !young ? seen : 0;
	}
}

static bool is_due(void)
{
	struct version *v = atomic_load(&current);

	return !v || clock_now_us() >= atomic_load(&look_us) || is_strange(v);
}

static void look(void)
{
	bool due = !atomic_load(&current) || clock_now_us() >= atomic_load(&look_us);
	struct version *v;

	if (atomic_flag_test_and_set(&busy))
		return;
	looking = true;
	if (due) {
		look_at_files();
		atomic_store(&look_us, clock_now_us() + LOOK_AGAIN_US);
	}
	v = atomic_load(&current);
	if (v && is_strange(v))
		lay_again(v);
	looking = false;
	atomic_flag_clear(&busy);
}

/* --- asking ---------------------------------------------------------------------- */

/* What is current stays, until the end(). */
static struct version *begin(void)
{
	uint64_t mask;

	asking++; /* first: a child forked now keeps too much, not too little */
	atomic_fetch_add(&readers, 1);
	if (is_due()) {
		sys_hold_signals(&mask); /* no handler leaves it half done */
		look();
		sys_let_signals(&mask);
	}
	return atomic_load(&current);
}

static void end(void)
{
	atomic_fetch_sub(&readers, 1);
	asking--;
}

static void copy_text(char *to, size_t room, const char *from)
{
	struct text t = { to, 0, room };

	*to = 0;
	text_str(&t, from ? from : "");
}
#define COPY_TEXT(k) copy_text(ret->k, sizeof(ret->k), rule_text(r, KEY_##k))

static void fill(struct live_rule *ret, const struct rule *r)
{
	ret->says_something = r && r->settings;
	for (int k = 0; k < KEYS; k++)
		ret->value[k] = rule_standard((enum rule_key)k);
	for (const struct rule_setting *s = r ? r->settings : NULL; s; s = s->next)
		ret->value[s->key] = s->value;
	COPY_TEXT(congestion);
	COPY_TEXT(suppress);
	COPY_TEXT(key_file);
}

bool live_ask(enum rule_section section, const struct addr *to, const char *host,
	      struct live_rule *ret)
{
	const struct rule *r = NULL;
	struct version *v = begin();
	bool good = !path[0] || (v && v->match);

	if (good && v)
		r = match_find(v->match, section, to, host);
	fill(ret, r);
	end();
	return good;
}

bool live_wants_names(void)
{
	struct version *v = begin();
	bool wants = v && v->match && match_wants_names(v->match);

	end();
	return wants;
}

bool live_names(const char *host)
{
	struct version *v = begin();
	bool named = v && v->match && match_names(v->match, host);

	end();
	return named;
}

unsigned int live_generation(void)
{
	if (clock_now_us() >= atomic_load(&look_us)) {
		begin();
		end();
	}
	return atomic_load(&generation);
}

void live_begin(void)
{
	struct stat st;

	if (!self_path()[0])
		self_find();
	if (!must_exist && sys4(SYS_newfstatat, AT_FDCWD, path, &st, 0) == -ENOENT)
		return; /* nothing that could be lost */
	begin();
	end();
}
