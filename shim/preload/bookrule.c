/* SPDX-License-Identifier: MIT */
/* bookrule: what is asked of the ledger; see bookrule.h. */
#include "preload/bookrule.h"

#include <sys/resource.h>

#include "core/leakset.h"
#include "core/live.h"
#include "core/log.h"
#include "core/sys.h"

#define WARN_AT 80 /* percent, where reports are wanted at all */

_Atomic uint8_t bookrule_mode;
_Atomic bool bookrule_whole;
_Atomic uint32_t bookrule_warn_from = UINT32_MAX;

static struct leakset own; /* TFOSHIM_LEAKS */
static bool has_own;
static _Atomic unsigned int asked; /* live_generation() plus one; 0: not yet */

void bookrule_now(struct bookrule *ret)
{
	struct live_rule r;
	struct text path = { ret->suppress, 0, sizeof(ret->suppress) };

	*ret = (struct bookrule){ .mode = BOOK_OFF };
	if (!live_ask(SECTION_leaks, NULL, NULL, &r))
		return;
	ret->mode = (enum book_mode)r.value[KEY_report];
	ret->whole_stacks = r.value[KEY_stacks];
	ret->warn_at = r.value[KEY_warn_at] == RULE_UNSET ? 0
							  : (int)r.value[KEY_warn_at];
	text_str(&path, r.suppress);
	if (has_own) {
		ret->mode = (enum book_mode)own.report;
		ret->whole_stacks = own.whole_stacks || ret->whole_stacks;
		ret->warn_at = own.warn_at ? own.warn_at : ret->warn_at;
	}
	if (!ret->warn_at && ret->mode >= BOOK_EXIT)
		ret->warn_at = WARN_AT;
}

uint32_t bookrule_limit(void)
{
	struct rlimit l = { 0, 0 };

	sys4(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &l);
	return l.rlim_cur < UINT32_MAX ? (uint32_t)l.rlim_cur : UINT32_MAX;
}

static _Atomic int warn_at;

static void set_warn_from(void)
{
	uint64_t percent = (uint64_t)atomic_load(&warn_at);

	atomic_store(&bookrule_warn_from,
		     percent ? (uint32_t)(bookrule_limit() * percent / 100)
			     : UINT32_MAX);
}

void bookrule_ask(void)
{
	unsigned int now = live_generation() + 1;
	struct bookrule r;

	if (atomic_load(&asked) != now) {
		bookrule_now(&r);
		atomic_store(&bookrule_mode, (uint8_t)r.mode);
		atomic_store(&bookrule_whole, r.whole_stacks);
		atomic_store(&warn_at, r.warn_at);
		atomic_store(&asked, live_generation() + 1);
	}
	set_warn_from(); /* the limit may be another one by now */
}

bool bookrule_is_crowd(uint32_t fd)
{
	if (fd < atomic_load_explicit(&bookrule_warn_from, memory_order_relaxed))
		return false;
	set_warn_from();
	return fd >= atomic_load(&bookrule_warn_from);
}

void bookrule_setup(const char *setting)
{
	static atomic_flag said = ATOMIC_FLAG_INIT;

	has_own = setting && *setting && leakset_read(setting, &own);
	if (setting && *setting && !has_own)
		log_once(&said, LOG_ERROR, "setting",
			 "TFOSHIM_LEAKS is not " LEAKSET_WORDS ", going by the policy");
}

bool bookrule_is_off(void)
{
	return has_own && own.report == BOOK_OFF;
}
