/* SPDX-License-Identifier: MIT */
/* core/outcome: how a connection went, from the kernel's facts. */
#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <unistd.h>

#include "core/outcome.h"
#include "unit.h"

START_TEST(outcome_words)
{
	ck_assert_str_eq(outcome_word(OUTCOME_data_acked), "data_acked");
	ck_assert_str_eq(outcome_word(OUTCOME_opened_early), "opened_early");
	ck_assert_str_eq(outcome_word(OUTCOME_cookie_requested), "cookie_requested");
	ck_assert_str_eq(outcome_word(OUTCOME_not_acked), "not_acked");
	ck_assert_str_eq(outcome_word(OUTCOME_syn_retransmitted), "syn_retransmitted");
	ck_assert_str_eq(outcome_word(OUTCOME_plain), "plain");
	ck_assert_int_eq(OUTCOMES, 6);
	ck_assert_str_eq(outcome_word(OUTCOMES), "unknown");
	ck_assert_str_eq(outcome_word((enum outcome) - 1), "unknown");
}
END_TEST

static const struct {
	bool acked;
	uint8_t fail;
	bool cookie_syn, had_data;
	enum outcome is;
} went[] = {
	{ true, 0, true, true, OUTCOME_data_acked },
	{ true, TFO_SYN_RETRANSMITTED, true, true, OUTCOME_data_acked },
	{ false, TFO_STATUS_UNSPEC, true, false, OUTCOME_opened_early },
	{ false, TFO_STATUS_UNSPEC, true, true, OUTCOME_plain },
	{ false, TFO_STATUS_UNSPEC, false, false, OUTCOME_plain },
	{ false, TFO_STATUS_UNSPEC, false, true, OUTCOME_plain },
	{ false, TFO_COOKIE_UNAVAILABLE, false, false, OUTCOME_cookie_requested },
	{ false, TFO_COOKIE_UNAVAILABLE, true, true, OUTCOME_cookie_requested },
	{ false, TFO_DATA_NOT_ACKED, true, true, OUTCOME_not_acked },
	{ false, TFO_SYN_RETRANSMITTED, true, true, OUTCOME_syn_retransmitted },
	{ false, TFO_SYN_RETRANSMITTED, true, false, OUTCOME_syn_retransmitted },
	{ false, 0xff, true, false, OUTCOME_opened_early },
};

START_TEST(outcome_maps)
{
	struct tcp_facts f = { .syn_data_acked = went[_i].acked,
			       .client_fail = went[_i].fail };

	ck_assert_str_eq(
		outcome_word(outcome_of(&f, went[_i].cookie_syn, went[_i].had_data)),
		outcome_word(went[_i].is));
}
END_TEST

START_TEST(outcome_reads_facts)
{
	struct tcp_facts f = { .rtt_us = 77 };
	int tcp = socket(AF_INET, SOCK_STREAM, 0), udp = socket(AF_INET, SOCK_DGRAM, 0);

	errno = UNTOUCHED;
	ck_assert_int_lt(outcome_facts(-1, &f), 0);
	ck_assert_int_lt(outcome_facts(STDIN_FILENO, &f), 0);
	ck_assert_int_lt(outcome_facts(udp, &f), 0);
	ck_assert_uint_eq(f.rtt_us, 77); /* untouched on failure */
	ck_assert_int_eq(outcome_facts(tcp, &f), 0);
	ck_assert(f.closed && !f.handshaking && !f.nothing_sent && !f.syn_data_acked);
	ck_assert_int_eq(errno, UNTOUCHED);
}
END_TEST

static void all(TCase *c)
{
	tcase_add_test(c, outcome_words);
	tcase_add_loop_test(c, outcome_maps, 0, COUNT(went));
	tcase_add_test(c, outcome_reads_facts);
}

int main(void)
{
	return unit_run("outcome", all);
}
