/* SPDX-License-Identifier: MIT */
/* core/text: text into a fixed buffer. */
#include <string.h>

#include "core/text.h"
#include "unit.h"

START_TEST(text_fits)
{
	TEXT(t, 64);

	ck_assert_str_eq(t.at, "");
	text_str(&t, "a");
	text_char(&t, '-');
	text_num(&t, 0);
	text_char(&t, ' ');
	text_num(&t, UINT64_MAX);
	text_char(&t, ' ');
	text_hex(&t, 0);
	text_hex(&t, UINT64_MAX);
	ck_assert_str_eq(t.at, "a-0 18446744073709551615 0ffffffffffffffff");
	ck_assert_uint_eq(t.n, strlen(t.at));
	ck_assert_uint_eq(text_len(t.at), t.n);
}
END_TEST

START_TEST(text_is_cut)
{
	char guarded[12] = "###########";
	struct text t = { guarded + 2, 0, 5 };
	struct text one = { guarded, 0, 1 };

	for (int i = 0; i < 100; i++) {
		text_str(&t, "abc");
		text_num(&t, 987);
	}
	ck_assert_mem_eq(guarded, "##abc9\0####", 11);
	ck_assert_uint_eq(t.n, 4);
	text_str(&one, "x");
	ck_assert_uint_eq(one.n, 0);
	ck_assert_int_eq(guarded[0], '#');
}
END_TEST

START_TEST(text_compares)
{
	ck_assert(text_same("", ""));
	ck_assert(text_same("abc", "abc"));
	ck_assert(!text_same("abc", "ab"));
	ck_assert(!text_same("ab", "abc"));
	ck_assert(!text_same("", "a"));
	ck_assert_str_eq(text_behind("info:/x", "info"), ":/x");
	ck_assert_str_eq(text_behind("info", "info"), "");
	ck_assert_str_eq(text_behind("info", ""), "info");
	ck_assert_ptr_null(text_behind("inf", "info"));
	ck_assert_ptr_null(text_behind("", "info"));
	ck_assert_uint_eq(text_len(""), 0);
}
END_TEST

static void all(TCase *c)
{
	tcase_add_test(c, text_fits);
	tcase_add_test(c, text_is_cut);
	tcase_add_test(c, text_compares);
}

int main(void)
{
	return unit_run("text", all);
}
