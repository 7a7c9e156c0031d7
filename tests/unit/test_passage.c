/* SPDX-License-Identifier: MIT */
/* cli/passage: what follows from the connections of a probe, in words. */
#include <errno.h>
#include <string.h>

#include "cli/passage_said.h"
#include "unit.h"

static const struct passage_kernel kernel = { 1, 0 };

static struct attempt plain_one(uint32_t us)
{
	return (struct attempt){
		.kind = ATTEMPT_PLAIN,
		.end = ATTEMPT_ANSWERED,
		.handshake_us = us / 2,
		.first_byte_us = us,
		.outcome = OUTCOME_plain,
	};
}

static struct attempt fast_one(enum outcome o, uint32_t us)
{
	struct attempt a = plain_one(us);

	a.kind = ATTEMPT_FAST;
	a.outcome = o;
	a.opened = true;
	a.rode = 100;
	return a;
}

static struct attempt empty_one(enum outcome o, bool again)
{
	struct attempt a = plain_one(40000);

	a.kind = ATTEMPT_EMPTY;
	a.outcome = o;
	a.syn_again = again;
	return a;
}

static struct attempt none_one(enum attempt_kind kind, enum attempt_end how, int error)
{
	return (struct attempt){
		.kind = kind,
		.end = how,
		.error = error,
		.rode = kind == ATTEMPT_FAST ? 100 : 0,
		.outcome = OUTCOME_plain,
	};
}

/* n plain ones of 40 ms, and a contact that asked for a cookie. */
static struct probing scene_of(unsigned int n)
{
	struct probing p = { .request = REQUEST_HTTP, .pairs = n, .contacts = 1 };

	p.at = (struct addr){ .ip = { 192, 0, 2, 2 }, .version = 4, .port = 80 };
	p.contact[0] = empty_one(OUTCOME_cookie_requested, false);
	p.after.bytes = 8;
	for (unsigned int i = 0; i < n; i++)
		p.plain[p.plains++] = plain_one(40000 + 10 * i);
	return p;
}

static void add(struct probing *p, unsigned int n, struct attempt a)
{
	for (unsigned int i = 0; i < n; i++) {
		p->fast[p->fasts] = a;
		p->fast[p->fasts++].first_byte_us += a.first_byte_us ? 10 * i : 0;
	}
}

/* The word, what is gained, a part of the sentence, and of the remedy. */
static void says(const struct probing *p, long pause_s, enum passage word,
		 enum passage_gain gain, const char *part, const char *remedy)
{
	const struct passage_kernel k = { kernel.bits, pause_s };
	struct passage_found f;
	TEXT(sentence, 1024);
	TEXT(command, 256);

	passage_find(p, pause_s, &f);
	passage_sentence(p, &f, &k, &sentence);
	passage_remedy(p, &f, &k, &command);
	ck_assert_str_eq(passage_word(f.passage), passage_word(word));
	ck_assert_str_eq(passage_gain_word(f.gain), passage_gain_word(gain));
	ck_assert_msg(strstr(sentence.at, part), "%s", sentence.at);
	ck_assert_msg(remedy ? strstr(command.at, remedy) != NULL : !command.n, "%s",
		      command.at);
}

START_TEST(passage_gains)
{
	struct probing p = scene_of(10);

	add(&p, 10, fast_one(OUTCOME_data_acked, 20000));
	says(&p, 0, PASSAGE_accepted, GAIN_FASTER,
	     "Fast Open works: the SYN's data is accepted, and the first byte comes "
	     "20.0 ms sooner (95 %: 20.0 ms to 20.0 ms)",
	     NULL);
	p.before.is_own_host = true;
	says(&p, 0, PASSAGE_accepted, GAIN_FASTER, "within one host", NULL);
	p = scene_of(10);
	add(&p, 10, fast_one(OUTCOME_data_acked, 39500));
	says(&p, 0, PASSAGE_accepted, GAIN_FASTER, "hardly worth having", NULL);
	p = scene_of(10);
	add(&p, 10, fast_one(OUTCOME_data_acked, 40000));
	says(&p, 0, PASSAGE_accepted, GAIN_SAME, "as soon without", NULL);
	for (unsigned int i = 3; i < 8; i++)
		p.fast[i].first_byte_us = p.plain[i].first_byte_us = 1040000 + 7 * i;
	says(&p, 0, PASSAGE_accepted, GAIN_SAME, "from so few connections", NULL);
	p = scene_of(10);
	add(&p, 10, fast_one(OUTCOME_data_acked, 60000));
	says(&p, 0, PASSAGE_accepted, GAIN_SLOWER, "20.0 ms later",
	     "[connect 192.0.2.2:80]\\ntfo = off\\n");
}
END_TEST

START_TEST(passage_few)
{
	struct probing p = scene_of(2);

	add(&p, 2, fast_one(OUTCOME_data_acked, 20000));
	says(&p, 0, PASSAGE_accepted, GAIN_UNKNOWN, "too few connections", NULL);
	p = scene_of(3);
	p.is_mute = true;
	for (unsigned int i = 0; i < 3; i++)
		p.plain[i].first_byte_us = 0;
	add(&p, 3, fast_one(OUTCOME_data_acked, 0));
	says(&p, 0, PASSAGE_accepted, GAIN_UNKNOWN, "does not answer", NULL);
	p.is_mute = false;
	says(&p, 0, PASSAGE_accepted, GAIN_UNKNOWN, "closes without an answer", NULL);
}
END_TEST

START_TEST(passage_refused)
{
	struct probing p = scene_of(10);

	add(&p, 10, fast_one(OUTCOME_not_acked, 40000));
	says(&p, 0, PASSAGE_data_refused, GAIN_SAME, "the cookie is new", NULL);
	p.before.bytes = 8;
	says(&p, 0, PASSAGE_data_refused, GAIN_SAME, "the cookie is an old one", NULL);
	p.before.bytes = p.after.bytes = 0;
	says(&p, 0, PASSAGE_data_refused, GAIN_SAME, "without a cookie", NULL);
	p.kernel = -EOPNOTSUPP;
	says(&p, 0, PASSAGE_data_refused, GAIN_SAME, "they look the same", NULL);
	p.renewed = 9;
	says(&p, 0, PASSAGE_data_refused, GAIN_SAME, "do not share a key", NULL);
}
END_TEST

START_TEST(passage_losses)
{
	struct probing p = scene_of(3);

	add(&p, 3, fast_one(OUTCOME_syn_retransmitted, 1040000));
	says(&p, 0, PASSAGE_data_dropped, GAIN_UNKNOWN,
	     "SYNs with data are lost, while those with the option alone come through; "
	     "with Fast Open the first byte comes 1000 ms later",
	     "tfo = off");
	/* one that was lost by chance beside one that was not proves nothing */
	p.contact[p.contacts++] = empty_one(OUTCOME_opened_early, true);
	says(&p, 0, PASSAGE_data_dropped, GAIN_UNKNOWN, "SYNs with data", "tfo = off");
	p.contact[0] = p.contact[1];
	says(&p, 0, PASSAGE_option_dropped, GAIN_UNKNOWN, "with data or without",
	     "tfo = off");
}
END_TEST

START_TEST(passage_asked_in_vain)
{
	struct probing p = scene_of(5);

	p.after.bytes = 0;
	add(&p, 5, fast_one(OUTCOME_cookie_requested, 40000));
	says(&p, 0, PASSAGE_no_cookie, GAIN_SAME, "look the same", NULL);
	for (unsigned int i = 0; i < 5; i++)
		p.fast[i].syn_again = true;
	says(&p, 0, PASSAGE_option_dropped, GAIN_SAME, "or their answers", "tfo = off");
}
END_TEST

START_TEST(passage_no_way_back)
{
	struct probing p = scene_of(3);

	add(&p, 3, none_one(ATTEMPT_FAST, ATTEMPT_FAILED, ECONNREFUSED));
	says(&p, 0, PASSAGE_reset, GAIN_UNKNOWN,
	     "SYNs with data are answered by a reset", "tfo = off");
	p = scene_of(3);
	add(&p, 3, none_one(ATTEMPT_FAST, ATTEMPT_LOST, ETIMEDOUT));
	says(&p, 0, PASSAGE_swallowed, GAIN_UNKNOWN,
	     "SYNs with data are followed by silence", "tfo = off");
	p.contact[0] = none_one(ATTEMPT_EMPTY, ATTEMPT_LOST, ETIMEDOUT);
	says(&p, 0, PASSAGE_swallowed, GAIN_UNKNOWN, "with data or without",
	     "tfo = off");
	/* reset later, by the server: its data was taken all the same */
	p = scene_of(3);
	add(&p, 3, fast_one(OUTCOME_data_acked, 0));
	p.fast[0].end = p.fast[1].end = p.fast[2].end = ATTEMPT_FAILED;
	says(&p, 0, PASSAGE_accepted, GAIN_UNKNOWN, "is accepted", NULL);
}
END_TEST

START_TEST(passage_now_and_then)
{
	struct probing p = scene_of(10);

	add(&p, 9, fast_one(OUTCOME_data_acked, 20000));
	add(&p, 1, fast_one(OUTCOME_syn_retransmitted, 1020000));
	p.plain[3].syn_again = true;
	says(&p, 0, PASSAGE_accepted, GAIN_FASTER,
	     "; that was so in 9 of 10 connections; the way loses packets: 1 of 10 "
	     "plain SYNs, too",
	     NULL);
	p = scene_of(10);
	add(&p, 5, fast_one(OUTCOME_data_acked, 20000));
	add(&p, 5, fast_one(OUTCOME_not_acked, 40000));
	says(&p, 0, PASSAGE_mixed, GAIN_FASTER, "5 data_acked, 5 not_acked", NULL);
}
END_TEST

START_TEST(passage_without_data)
{
	struct probing p = scene_of(4);

	p.request = REQUEST_NONE;
	add(&p, 4, fast_one(OUTCOME_opened_early, 0));
	says(&p, 0, PASSAGE_cookie, GAIN_UNKNOWN, "--http or --tls tells", NULL);
	p = scene_of(10);
	p.request = REQUEST_NONE;
	p.greets = true;
	add(&p, 10, fast_one(OUTCOME_opened_early, 20000));
	says(&p, 0, PASSAGE_cookie, GAIN_FASTER, "it speaks first: the first byte",
	     NULL);
}
END_TEST

START_TEST(passage_kernel_says_no)
{
	struct probing p = scene_of(5);

	add(&p, 5, fast_one(OUTCOME_plain, 40000));
	says(&p, 60, PASSAGE_paused, GAIN_SAME, "has paused Fast Open",
	     "tcp_fastopen_blackhole_timeout_sec=60");
	says(&p, 0, PASSAGE_unknown, GAIN_SAME, "sent no Fast Open option", NULL);
	p.fasts = 0;
	p.is_off = true;
	says(&p, 0, PASSAGE_off, GAIN_UNKNOWN, "takes 20.0 ms",
	     "sysctl -w net.ipv4.tcp_fastopen=1");
}
END_TEST

START_TEST(passage_nobody)
{
	struct probing p = { .request = REQUEST_HTTP, .plains = 1 };

	p.plain[0] = none_one(ATTEMPT_PLAIN, ATTEMPT_FAILED, ECONNREFUSED);
	says(&p, 0, PASSAGE_unreachable, GAIN_UNKNOWN, "nobody listens there", NULL);
	p.plain[0] = none_one(ATTEMPT_PLAIN, ATTEMPT_LOST, ETIMEDOUT);
	says(&p, 0, PASSAGE_unreachable, GAIN_UNKNOWN, "nothing answers", NULL);
	p.plains = 0;
	p.kernel = -ENETUNREACH;
	says(&p, 0, PASSAGE_unreachable, GAIN_UNKNOWN, "no route", NULL);
	p.kernel = 0;
	p.is_stopped = true;
	says(&p, 0, PASSAGE_unknown, GAIN_UNKNOWN, "it was stopped", NULL);
}
END_TEST

static void add_cases(TCase *c)
{
	tcase_add_test(c, passage_gains);
	tcase_add_test(c, passage_few);
	tcase_add_test(c, passage_refused);
	tcase_add_test(c, passage_losses);
	tcase_add_test(c, passage_asked_in_vain);
	tcase_add_test(c, passage_no_way_back);
	tcase_add_test(c, passage_now_and_then);
	tcase_add_test(c, passage_without_data);
	tcase_add_test(c, passage_kernel_says_no);
	tcase_add_test(c, passage_nobody);
}

int main(void)
{
	return unit_run("passage", add_cases);
}
