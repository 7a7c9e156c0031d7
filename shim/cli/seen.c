/* SPDX-License-Identifier: MIT */
/* seen: one connection that has ended; see seen.h. */
#include "cli/seen.h"

#include <stdio.h>
#include <time.h>

#include "cli/json.h"

/* As wide from the start as they are apt to become; 77 columns. */
const struct table_column seen_columns[] = {
	{ .title = "time", .least = 8 },
	{ .title = "program", .may_shrink = true, .least = 8 },
	{ .title = "pid", .right = true, .least = 5 },
	{ .title = "destination", .may_shrink = true, .least = 15 },
	{ .title = "outcome", .least = 17 },
	{ .title = "SYN", .right = true, .least = 4 },
	{ .title = "1st ms", .right = true },
	{ 0 },
};

/* --- as text --------------------------------------------------------------------- */

/* Of day; the file may hold any number. */
static void spell_time(uint64_t us, char *to, size_t size)
{
	time_t seconds = (time_t)(us / 1000000);
	struct tm tm;

	if (!localtime_r(&seconds, &tm) || !strftime(to, size, "%H:%M:%S", &tm))
		snprintf(to, size, "?");
}

static void spell_place(struct text *t, const struct traffic_event *e)
{
	if (!*e->name) {
		addr_print(t, &e->to);
		return;
	}
	text_str(t, e->name);
	text_char(t, ':');
	text_num(t, e->to.port);
}

static enum paint colour(const struct traffic_event *e)
{
	switch ((enum outcome)e->outcome) {
	case OUTCOME_data_acked:
	case OUTCOME_opened_early:
		return PAINT_GOOD;
	case OUTCOME_not_acked:
		return PAINT_WARN;
	case OUTCOME_syn_retransmitted:
		return PAINT_BAD;
	case OUTCOME_plain:
		return e->reason == REASON_paused || e->reason == REASON_slower
			       ? PAINT_WARN
			       : PAINT_FAINT;
	case OUTCOME_cookie_requested:
	case OUTCOMES:
		break;
	}
	return PAINT_NONE;
}

/* That it was plain says little: why it was. */
static const char *how(const struct traffic_event *e)
{
	if (e->outcome == OUTCOME_plain && e->reason != REASON_none)
		return outcome_reason((enum reason)e->reason);
	return outcome_word((enum outcome)e->outcome);
}

void seen_row(struct table *t, const struct traffic_event *e)
{
	char at[32];
	TEXT(place, 320);

	spell_time(e->at_us, at, sizeof(at));
	spell_place(&place, e);
	table_cell(t, PAINT_FAINT, "%s", at);
	table_cell(t, PAINT_NONE, "%s", e->program);
	table_cell(t, PAINT_NONE, "%u", e->pid);
	table_cell(t, PAINT_NONE, "%s", place.at);
	table_cell(t, colour(e), "%s", how(e));
	table_cell(t, PAINT_NONE, "%u", e->syn_bytes);
	if (e->first_byte_us)
		table_cell(t, PAINT_NONE, "%.1f", e->first_byte_us / 1e3);
	table_end_row(t);
}

/* --- as JSON --------------------------------------------------------------------- */

static void put(struct json_object *to, const char *name, const char *text)
{
	json_object_object_add(to, name, json_text(text));
}

static void put_number(struct json_object *to, const char *name, int64_t n)
{
	json_object_object_add(to, name, json_object_new_int64(n));
}

/* 0: not known. */
static void put_us(struct json_object *to, const char *name, uint32_t us)
{
	json_object_object_add(to, name, us ? json_object_new_int64(us) : NULL);
}

/* RFC 3339, which has four digits for a year. */
static void put_time(struct json_object *to, uint64_t us)
{
	time_t seconds = (time_t)(us / 1000000);
	char text[64], whole[80];
	struct tm tm;

	if (us / 1000000 > 253402300799 || !gmtime_r(&seconds, &tm) ||
	    !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm)) {
		put(to, "time", NULL);
		return;
	}
	snprintf(whole, sizeof(whole), "%s.%02uZ", text,
		 (unsigned int)(us % 1000000 / 10000));
	put(to, "time", whole);
}

static void show(struct json_object *line)
{
	puts(json_object_to_json_string_ext(
		line, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(line);
}

void seen_json(const struct traffic_event *e)
{
	struct json_object *line = json_object_new_object();
	TEXT(address, 64);

	addr_print_host(&address, &e->to);
	put_time(line, e->at_us);
	put(line, "program", e->program);
	put_number(line, "pid", e->pid);
	put(line, "address", address.at);
	put_number(line, "port", e->to.port);
	put(line, "name", *e->name ? e->name : NULL);
	put(line, "outcome", outcome_word((enum outcome)e->outcome));
	put(line, "reason",
	    e->reason == REASON_none ? NULL : outcome_reason((enum reason)e->reason));
	put_number(line, "syn_bytes", e->syn_bytes);
	put_us(line, "first_byte_us", e->first_byte_us);
	put_us(line, "rtt_us", e->rtt_us);
	show(line);
}

void seen_json_missed(uint64_t n)
{
	struct json_object *line = json_object_new_object();

	json_object_object_add(line, "not_shown", json_object_new_uint64(n));
	show(line);
}
