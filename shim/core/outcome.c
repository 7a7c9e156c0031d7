/* SPDX-License-Identifier: MIT */
/* outcome: how a connection went; see outcome.h. */
#include "core/outcome.h"

#include <linux/tcp.h>
#include <netinet/in.h>

#include "core/sys.h"

#define STATE_SYN_SENT 2
#define STATE_SYN_RECV 3
#define STATE_CLOSE 7

static const char *const words[] = {
#define OUTCOME(word, means) #word,
#define REASON(word, means)
#include "core/outcome.def"
#undef OUTCOME
#undef REASON
};

static const char *const reasons[] = {
#define OUTCOME(word, means)
#define REASON(word, means) #word,
#include "core/outcome.def"
#undef OUTCOME
#undef REASON
};

const char *outcome_word(enum outcome o)
{
	return o < OUTCOMES ? words[o] : "unknown";
}

const char *outcome_reason(enum reason r)
{
	return r < REASONS ? reasons[r] : "unknown";
}

int outcome_facts(int fd, struct tcp_facts *ret)
{
	struct tcp_info i = { 0 };
	socklen_t len = sizeof(i);
	int err = sys_getsockopt(fd, IPPROTO_TCP, TCP_INFO, &i, &len);

	if (err)
		return err;
	*ret = (struct tcp_facts){
		.handshaking = i.tcpi_state == STATE_SYN_SENT,
		.nothing_sent = i.tcpi_state == STATE_SYN_SENT && i.tcpi_segs_out == 0,
		.half_open = i.tcpi_state == STATE_SYN_RECV,
		.closed = i.tcpi_state == STATE_CLOSE,
		.syn_data_acked = i.tcpi_options & TCPI_OPT_SYN_DATA,
		.client_fail = i.tcpi_fastopen_client_fail,
		.retransmits = i.tcpi_total_retrans,
		.rtt_us = i.tcpi_rtt,
		.bytes_received = i.tcpi_bytes_received,
		.bytes_acked = i.tcpi_bytes_acked,
		.bytes_again = i.tcpi_bytes_retrans,
	};
	return 0;
}

enum outcome outcome_of(const struct tcp_facts *f, bool cookie_syn, bool had_data)
{
	if (f->syn_data_acked)
		return OUTCOME_data_acked;
	switch (f->client_fail) {
	case TFO_COOKIE_UNAVAILABLE:
		return OUTCOME_cookie_requested;
	case TFO_DATA_NOT_ACKED:
		return OUTCOME_not_acked;
	case TFO_SYN_RETRANSMITTED:
		return OUTCOME_syn_retransmitted;
	default:
		return cookie_syn && !had_data ? OUTCOME_opened_early : OUTCOME_plain;
	}
}
