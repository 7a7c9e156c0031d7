/* SPDX-License-Identifier: MIT */
/* core/leakset: what TFOSHIM_LEAKS says. */
#include "core/leakset.h"
#include "unit.h"

START_TEST(good_settings)
{
	struct leakset r;

	ck_assert(leakset_read("off", &r));
	ck_assert(r.report == 0 && !r.whole_stacks && r.warn_at == 0);
	ck_assert(leakset_read("fatal", &r) && r.report == 3);
	ck_assert(leakset_read("exit,stacks=full", &r));
	ck_assert(r.report == 2 && r.whole_stacks);
	ck_assert(leakset_read("count,warn-at=80%,stacks=full", &r));
	ck_assert(r.report == 1 && r.whole_stacks && r.warn_at == 80);
	ck_assert(leakset_read("exit,stacks=full,stacks=caller", &r));
	ck_assert(!r.whole_stacks);
}
END_TEST

START_TEST(bad_settings)
{
	static const char *const bad[] = {
		"",
		",",
		"fat",
		"fatally",
		"exit,",
		",exit",
		"stacks=full",
		"exit,stacks=",
		"exit,stacks=half",
		"exit,warn-at=0%",
		"exit,warn-at=101%",
		"exit,warn-at=80",
		"exit,warn-at=80%x",
		"exit;stacks=full",
		"exit ,stacks=full",
	};
	struct leakset r;

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_msg(!leakset_read(bad[i], &r), "'%s'", bad[i]);
}
END_TEST

static void add(TCase *c)
{
	tcase_add_test(c, good_settings);
	tcase_add_test(c, bad_settings);
}

int main(void)
{
	return unit_run("leakset", add);
}
