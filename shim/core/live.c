/* SPDX-License-Identifier: MIT */
/* live: the policy in force; see live.h. */
#include "core/live.h"

#include <fcntl.h>
#include <stdatomic.h>

#include "core/clock.h"
#include "core/files.h"
#include "core/log.h"
#include "core/match.h"
#include "core/sys.h"

#define LOOK_AGAIN_US 400000 /* within a second, with room to spare */

struct version {
	struct policy policy;
	struct match *match; /* NULL: it is not good */
	uint32_t uid;
	bool has_users;
	struct version *before; /* one that somebody may still read */
};

static char path[256];
static bool must_exist;
static _Atomic(struct version *) current;
static _Atomic int readers;
static _Atomic uint64_t look_us; /* not before then */
static uint64_t stamp;		 /* of what was loaded, or tried */
static uint64_t told;		 /* of what was complained about */
static _Atomic unsigned int generation;

void live_setup(const char *setting)
{
	struct text p = { path, 0, sizeof(path) };

	must_exist = setting && *setting;
	text_str(&p, must_exist ? setting : FILES_DEFAULT);
}

/* --- loading --------------------------------------------------------------------- */

struct errors {
	unsigned int n;
	struct text first;
};

static void note(void *to, const char *file, unsigned int line, unsigned int column,
		 const char *sentence)
{
	struct errors *e = to;

	if (e->n++)
		return;
	text_str(&e->first, file);
	text_char(&e->first, ':');
	if (line) {
		text_num(&e->first, line);
		text_char(&e->first, ':');
		text_num(&e->first, column);
		text_char(&e->first, ':');
	}
	text_char(&e->first, ' ');
	text_str(&e->first, sentence);
}

static void say(struct errors *e, bool had_one)
{
	TEXT(fields, 700);

	if (!log_wants(LOG_ERROR))
		return;
	text_str(&fields, "message=");
	text_quoted(&fields, e->first.at);
	text_str(&fields, " errors=");
	text_num(&fields, e->n);
	text_str(&fields, had_one ? " consequence=\"keeping the policy before it\""
				  : " consequence=\"doing nothing at all\"");
	log_event(LOG_ERROR, "policy", &fields);
}

static bool asks_for_users(const struct policy *p)
{
	for (const struct rule *r = p->rules.first; r; r = r->next)
		if (r->users)
			return true;
	return false;
}

static bool build(struct version *v, struct policy *p)
{
	char program[256];
	struct match_self self = { program, v->uid, NULL };
	long n = sys4(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", program,
		      sizeof(program) - 1);
	TEXT(user, 64);

	program[n > 0 ? n : 0] = 0;
	if (v->has_users && files_user_name(v->uid, &user))
		self.user_name = user.at;
	v->match = match_build(p, &self);
	return v->match != NULL;
}

static struct version *load(struct errors *e)
{
	struct policy_reader reader = { note, e };
	struct policy p = { .arena = { NULL, 0 } };
	struct version *v;

	files_load(&p, path, must_exist, &reader);
	v = arena_take(&p.arena, sizeof(*v));
	if (!v) {
		policy_drop(&p);
		return NULL;
	}
	v->uid = (uint32_t)sys1(SYS_geteuid, 0);
	v->has_users = asks_for_users(&p);
	if (!e->n && !build(v, &p))
		note(e, path, 0, 0, "there is no memory for this policy");
	v->policy = p;
	return v;
}

static void drop(struct version *v)
{
	struct policy p = v->policy; /* the version itself lies in its arena */

	policy_drop(&p);
}

/* Whoever came before the swap may still read what was current then. */
static void swap(struct version *v)
{
	struct version *old = atomic_load(&current);

	v->before = old;
	atomic_store(&current, v);
	atomic_fetch_add(&generation, 1);
	if (atomic_load(&readers) != 1)
		return; /* others than this one: at the next swap */
	v->before = NULL;
	while (old) {
		struct version *before = old->before;

		drop(old);
		old = before;
	}
}

static void follow_log(const struct match *m)
{
	const struct rule *r = match_find(m, SECTION_log, NULL, NULL);

	log_follow((enum log_level)rule_value(r, KEY_level), rule_text(r, KEY_file));
}

static void load_again(uint64_t seen)
{
	char room[600] = "";
	struct errors e = { 0, { room, 0, sizeof(room) } };
	struct version *was = atomic_load(&current), *v = load(&e);

	if (e.n && seen != told) /* a young file is read more than once */
		say(&e, was && was->match);
	told = e.n ? seen : 0;
	if (!v)
		return;
	if (e.n && was && was->match) {
		drop(v);
		return;
	}
	if (v->match)
		follow_log(v->match);
	swap(v);
}

static atomic_flag busy = ATOMIC_FLAG_INIT;

void live_after_fork(void)
{
	atomic_flag_clear(&busy);
	atomic_store(&readers, 0);
}

/* Only who wins the turn looks, so `stamp` has one writer. */
static void look(void)
{
	uint64_t now = clock_now_us(), seen, at = atomic_load(&look_us);
	struct version *v = atomic_load(&current);
	bool young, stranger;

	stranger = v && v->has_users && v->uid != (uint32_t)sys1(SYS_geteuid, 0);
	if ((v && now < at && !stranger) || atomic_flag_test_and_set(&busy))
		return;
	seen = files_stamp(path, &young);
	if (!v || seen != stamp || stranger) {
		stamp = young ? 0 : seen; /* a second change may look the same */
		load_again(seen);
	}
	atomic_store(&look_us, now + LOOK_AGAIN_US);
	atomic_flag_clear(&busy);
}

/* --- asking ---------------------------------------------------------------------- */

static void copy_text(char *to, size_t room, const char *from)
{
	struct text t = { to, 0, room };

	*to = 0;
	if (from)
		text_str(&t, from);
}

static void fill(struct live_rule *ret, const struct rule *r)
{
	ret->says_something = r && r->settings;
	for (int k = 0; k < KEYS; k++)
		ret->value[k] = rule_standard((enum rule_key)k);
	for (const struct rule_setting *s = r ? r->settings : NULL; s; s = s->next)
		ret->value[s->key] = s->value;
	copy_text(ret->congestion, sizeof(ret->congestion),
		  rule_text(r, KEY_congestion));
	copy_text(ret->key_file, sizeof(ret->key_file), rule_text(r, KEY_key_file));
}

bool live_ask(enum rule_section section, const struct addr *to, const char *host,
	      struct live_rule *ret)
{
	const struct rule *r = NULL;
	struct version *v;
	bool good;

	atomic_fetch_add(&readers, 1);
	look();
	v = atomic_load(&current);
	good = !path[0] || (v && v->match);
	if (good && v)
		r = match_find(v->match, section, to, host);
	fill(ret, r);
	atomic_fetch_sub(&readers, 1);
	return good;
}

unsigned int live_generation(void)
{
	atomic_fetch_add(&readers, 1);
	look();
	atomic_fetch_sub(&readers, 1);
	return atomic_load(&generation);
}

bool live_wants_names(void)
{
	struct version *v;
	bool wants;

	atomic_fetch_add(&readers, 1);
	look();
	v = atomic_load(&current);
	wants = v && v->match && match_wants_names(v->match);
	atomic_fetch_sub(&readers, 1);
	return wants;
}
