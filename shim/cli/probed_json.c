/* SPDX-License-Identifier: MIT */
/* probed_json: what tfo probe found out, as JSON; see probed_json.h. */
#include "cli/probed_json.h"

#include <errno.h>

#include "cli/json.h"

static void put(struct json_object *to, const char *name, const char *text)
{
	json_object_object_add(to, name, json_text(text));
}

static void put_number(struct json_object *to, const char *name, int64_t n)
{
	json_object_object_add(to, name, json_object_new_int64(n));
}

static void put_if(struct json_object *to, const char *name, bool is_known, int64_t n)
{
	json_object_object_add(to, name, is_known ? json_object_new_int64(n) : NULL);
}

static void put_bool(struct json_object *to, const char *name, bool is)
{
	json_object_object_add(to, name, json_object_new_boolean(is));
}

/* --- connections ----------------------------------------------------------------- */

static const char *end_word(enum attempt_end end)
{
	switch (end) {
	case ATTEMPT_ANSWERED:
		return "answered";
	case ATTEMPT_OPENED:
		return "opened";
	case ATTEMPT_MUTE:
		return "mute";
	case ATTEMPT_CLOSED:
		return "closed";
	case ATTEMPT_FAILED:
		return "failed";
	case ATTEMPT_LOST:
		return "lost";
	case ATTEMPT_STOPPED:
		break;
	}
	return "stopped";
}

/* Not the sentence, which is another one in each libc. */
static const char *error_word(int error)
{
	static const struct {
		int error;
		const char *word;
	} rows[] = {
		{ ECONNREFUSED, "ECONNREFUSED" },
		{ ECONNRESET, "ECONNRESET" },
		{ ETIMEDOUT, "ETIMEDOUT" },
		{ ENETUNREACH, "ENETUNREACH" },
		{ EHOSTUNREACH, "EHOSTUNREACH" },
		{ EADDRNOTAVAIL, "EADDRNOTAVAIL" },
		{ EACCES, "EACCES" },
		{ EPERM, "EPERM" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].error == error)
			return rows[i].word;
	return "other";
}

static struct json_object *json_attempt(const struct attempt *a)
{
	struct json_object *to = json_object_new_object();

	put(to, "end", end_word(a->end));
	put(to, "error", a->error ? error_word(a->error) : NULL);
	put(to, "outcome", outcome_word(a->outcome));
	put_number(to, "syn_bytes", (int64_t)a->rode);
	put_bool(to, "syn_again", a->syn_again);
	put_if(to, "handshake_us", a->handshake_us, a->handshake_us);
	put_if(to, "first_byte_us", a->first_byte_us, a->first_byte_us);
	return to;
}

static struct json_object *json_attempts(const struct attempt *all, unsigned int n)
{
	struct json_object *to = json_object_new_array();

	for (unsigned int i = 0; i < n; i++)
		json_object_array_add(to, json_attempt(&all[i]));
	return to;
}

static struct json_object *json_kind(const struct attempt *all, unsigned int n)
{
	struct json_object *to = json_object_new_object();
	uint32_t handshake = probing_handshake_us(all, n);
	uint32_t first_byte = probing_first_byte_us(all, n);

	put_if(to, "handshake_us", handshake, handshake);
	put_if(to, "first_byte_us", first_byte, first_byte);
	json_object_object_add(to, "connections", json_attempts(all, n));
	return to;
}

/* --- addresses ------------------------------------------------------------------- */

static struct json_object *json_cookie(const struct probing *p)
{
	struct json_object *to = json_object_new_object();

	if (p->kernel) {
		json_object_put(to);
		return NULL;
	}
	put_number(to, "before_bytes", p->before.bytes);
	put_number(to, "after_bytes", p->after.bytes);
	put_number(to, "renewed", p->renewed);
	return to;
}

static struct json_object *json_difference(const struct passage_found *f)
{
	struct json_object *to;

	if (!f->is_compared)
		return NULL;
	to = json_object_new_object();
	put_number(to, "by_us", (int64_t)f->by.by);
	put_if(to, "low_us", f->by.is_sure, (int64_t)f->by.low);
	put_if(to, "high_us", f->by.is_sure, (int64_t)f->by.high);
	return to;
}

static struct json_object *json_classes(const struct passage_found *f)
{
	struct json_object *to = json_object_new_object();

	for (int c = 0; c < CLASSES; c++)
		put_number(to, passage_class_word((enum passage_class)c), f->class[c]);
	return to;
}

static void put_words(struct json_object *to, const struct probed *all,
		      const struct probed_one *o)
{
	TEXT(sentence, 1024);
	TEXT(remedy, 256);

	passage_sentence(&o->p, &o->found, &all->kernel, &sentence);
	passage_remedy(&o->p, &o->found, &all->kernel, &remedy);
	put(to, "verdict", passage_word(o->found.passage));
	put(to, "gain", passage_gain_word(o->found.gain));
	put(to, "sentence", sentence.at);
	put(to, "remedy", remedy.n ? remedy.at : NULL);
	put(to, "error", o->found.error ? error_word(o->found.error) : NULL);
}

static struct json_object *json_one(const struct probed *all,
				    const struct probed_one *o)
{
	struct json_object *to = json_object_new_object();
	bool has_route = probing_has_route(&o->p);
	TEXT(address, 64);
	TEXT(from, 64);

	addr_print_host(&address, &o->p.at);
	if (has_route)
		addr_print_host(&from, &o->p.before.from);
	put(to, "address", address.at);
	put_number(to, "port", o->p.at.port);
	put(to, "from", has_route ? from.at : NULL);
	put_bool(to, "own_host", o->p.before.is_own_host);
	put_words(to, all, o);
	json_object_object_add(to, "difference", json_difference(&o->found));
	json_object_object_add(to, "cookie", json_cookie(&o->p));
	json_object_object_add(to, "outcomes", json_classes(&o->found));
	put_bool(to, "stopped", o->p.is_stopped);
	put_bool(to, "remembered", o->is_remembered);
	json_object_object_add(to, "contact",
			       json_attempts(o->p.contact, o->p.contacts));
	json_object_object_add(to, "plain", json_kind(o->p.plain, o->p.plains));
	json_object_object_add(to, "fast_open", json_kind(o->p.fast, o->p.fasts));
	return to;
}

struct json_object *probed_json(const struct probed *all)
{
	struct json_object *to = json_object_new_object();
	struct json_object *kernel = json_object_new_object();
	struct json_object *addresses = json_object_new_array();

	put(to, "place", all->place);
	put(to, "host", *all->host ? all->host : NULL);
	put(to, "request", request_word(all->request));
	put_number(to, "pairs", all->pairs);
	put_number(to, "addresses_not_asked", all->skipped);
	put_if(kernel, "tcp_fastopen", all->kernel.bits >= 0, all->kernel.bits);
	put_if(kernel, "blackhole_timeout_s", all->kernel.pause_s >= 0,
	       all->kernel.pause_s);
	put_if(kernel, "blackholes", all->holes >= 0, all->holes);
	json_object_object_add(to, "kernel", kernel);
	put(to, "not_remembered", all->no_memory);
	for (unsigned int i = 0; i < all->n; i++)
		json_object_array_add(addresses, json_one(all, all->at[i]));
	json_object_object_add(to, "addresses", addresses);
	return to;
}
