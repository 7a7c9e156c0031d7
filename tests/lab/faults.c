/* SPDX-License-Identifier: MIT */
/*
 * The faults: which are on, which packets each concerns, and what it does to them. The
 * table is faults.def. Leaves queueing and copying to the wire, to which it tells the
 * packet's fate.
 */
#include <stdlib.h>
#include <string.h>

#include "conn.h"
#include "faults.h"

enum value { VALUE_NOTHING, VALUE_PROBABILITY, VALUE_MILLISECONDS,
	     VALUE_OPTIONAL_MILLISECONDS };

static const struct row {
	const char *name;
	enum effect effect;
	enum value value;
	const char *meaning;
} rows[] = {
#define FAULT(id, name, effect, value, meaning) \
	{ name, EFFECT_##effect, VALUE_##value, meaning },
#include "faults.def"
#undef FAULT
};

static struct setting {
	bool on;
	double value;
	int port;		/* 0: any */
	int direction;		/* -1: both */
} settings[FAULT_COUNT];

const char *fault_name(enum fault fault)
{
	return rows[fault].name;
}

const char *fault_effect_name(enum fault fault)
{
	static const char *const names[] = {
		[EFFECT_DROPPED] = "dropped",
		[EFFECT_REFUSED] = "refused",
		[EFFECT_DELAYED] = "delayed",
		[EFFECT_ALTERED] = "altered",
		[EFFECT_DUPLICATED] = "duplicated",
	};

	return names[rows[fault].effect];
}

/* The same sequence in every lab, so that a failure can be had again. */
static bool chance(double probability)
{
	static uint64_t state = 0x9e3779b97f4a7c15u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (double)(state >> 11) / (double)(1ull << 53) < probability;
}

static bool in_scope(const struct setting *setting, const struct packet *packet)
{
	const uint8_t *from = packet->from.port;
	const uint8_t *to = packet->to.port;

	if (!setting->on)
		return false;
	if (setting->direction >= 0 && (int)packet->direction != setting->direction)
		return false;
	if (!setting->port)
		return true;
	return packet->tcp && ((from[0] << 8 | from[1]) == setting->port ||
			       (to[0] << 8 | to[1]) == setting->port);
}

static bool concerns(enum fault fault, const struct packet *packet)
{
	bool syn = packet_is_syn(packet);
	bool synack = packet_is_synack(packet);
	bool syn_data = syn && packet->payload;

	switch (fault) {
	case FAULT_DROP_ALL:
		return true;
	case FAULT_RANDOM_LOSS:
		return chance(settings[fault].value);
	case FAULT_DROP_SYN_DATA:
	case FAULT_RST_SYN_DATA:
	case FAULT_DELAY_SYN_DATA:
	case FAULT_STRIP_SYN_DATA:
		return syn_data;
	case FAULT_DROP_SYN_OPTION:
		return syn && packet->cookie >= 0;
	case FAULT_DROP_COOKIE_REQUEST:
		return syn && packet->cookie == 0;
	case FAULT_DROP_SYNACK:
		return synack;
	case FAULT_DROP_SYNACK_COOKIE:
		return synack && packet->cookie > 0;
	case FAULT_DROP_AFTER_SYN_DATA:
		return !syn_data && packet->conn && packet->conn->syn_payload;
	case FAULT_STRIP_OPTION:
		return (syn || synack) && packet->cookie >= 0;
	case FAULT_STRIP_OPTION_REPLY:
		return synack && packet->cookie >= 0;
	case FAULT_DUPLICATE_SYN:
		return syn;
	case FAULT_COUNT:
		break;
	}
	return false;
}

static void apply(enum fault fault, struct packet *packet, struct fate *fate)
{
	int64_t value_ns = (int64_t)(settings[fault].value * 1e6);

	fate->faults |= 1u << fault;
	switch (rows[fault].effect) {
	case EFFECT_REFUSED:
		fate->refused = true;
		fate->dropped = true;
		break;
	case EFFECT_DROPPED:
		fate->dropped = true;
		break;
	case EFFECT_DELAYED:
		packet->conn->slower[packet->direction] = value_ns;
		break;
	case EFFECT_ALTERED:
		fate->altered = true;
		if (fault == FAULT_STRIP_SYN_DATA)
			packet_strip_payload(packet);
		else
			packet_strip_option(packet);
		break;
	case EFFECT_DUPLICATED:
		fate->duplicated = true;
		fate->copy_after = value_ns;
		break;
	}
}

struct fate faults_apply(struct packet *packet)
{
	struct fate fate = { .faults = 0 };

	for (enum fault i = 0; i < FAULT_COUNT && !fate.dropped; i++)
		if (in_scope(&settings[i], packet) && concerns(i, packet))
			apply(i, packet, &fate);
	return fate;
}

static bool parse_state(enum fault fault, const char *word, struct setting *setting,
			struct text *reply)
{
	const char *name = rows[fault].name;
	enum value value = rows[fault].value;
	bool on = !strcmp(word, "on");

	setting->on = strcmp(word, "off") != 0;
	if (!setting->on)
		return true;
	if (on && (value == VALUE_NOTHING || value == VALUE_OPTIONAL_MILLISECONDS))
		return true;
	if (value == VALUE_NOTHING)
		return text_fail(reply, "fault %s is on or off, not '%s'", name, word);
	if (value == VALUE_PROBABILITY)
		return text_number(word, 1, &setting->value) ||
		       text_fail(reply, "fault %s is off or a probability from 0 to 1, "
				 "not '%s'", name, word);
	return text_number(word, 60000, &setting->value) ||
	       text_fail(reply, "fault %s is off%s or a number of milliseconds up to "
			 "60000, not '%s'", name,
			 value == VALUE_OPTIONAL_MILLISECONDS ? ", on" : "", word);
}

static bool parse_limit(const char *word, struct setting *setting, struct text *reply)
{
	double port;

	if (!strncmp(word, "port=", 5) && text_number(word + 5, 65535, &port) &&
	    port >= 1 && port == (int)port)
		setting->port = (int)port;
	else if (!strcmp(word, "dir=c2s"))
		setting->direction = C2S;
	else if (!strcmp(word, "dir=s2c"))
		setting->direction = S2C;
	else
		return text_fail(reply, "'%s' is no limit of a fault: these are "
				 "port=N, dir=c2s and dir=s2c", word);
	return true;
}

bool faults_set(char *const *words, int count, struct text *reply)
{
	struct setting setting = { .direction = -1 };
	enum fault fault = 0;

	while (fault < FAULT_COUNT && strcmp(rows[fault].name, words[0]) != 0)
		fault++;
	if (fault == FAULT_COUNT)
		return text_fail(reply, "there is no fault '%s': 'faults' lists them",
				 words[0]);
	if (!parse_state(fault, words[1], &setting, reply))
		return false;
	for (int i = 2; i < count; i++)
		if (!parse_limit(words[i], &setting, reply))
			return false;
	settings[fault] = setting;
	return true;
}

void faults_clear(void)
{
	memset(settings, 0, sizeof(settings));
}

void faults_print(struct text *text)
{
	for (enum fault i = 0; i < FAULT_COUNT; i++) {
		const struct setting *setting = &settings[i];

		text_add(text, "%s ", rows[i].name);
		if (setting->on && setting->value > 0)
			text_add(text, "%g", setting->value);
		else
			text_add(text, setting->on ? "on" : "off");
		if (setting->on && setting->port)
			text_add(text, ",port=%d", setting->port);
		if (setting->on && setting->direction >= 0)
			text_add(text, ",dir=%s", setting->direction ? "s2c" : "c2s");
		text_add(text, " %s\n", rows[i].meaning);
	}
}
