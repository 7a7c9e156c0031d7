/* SPDX-License-Identifier: MIT */
/* leaked_json: what tfo leaks found out, as JSON; see leaked_json.h. */
#include "cli/leaked_json.h"

#include <stdio.h>

#define PEEK(x) atomic_load_explicit(&(x), memory_order_relaxed)

static void put(struct json_object *to, const char *name, const char *text)
{
	json_object_object_add(to, name, json_text(text));
}

static void put_number(struct json_object *to, const char *name, int64_t n)
{
	json_object_object_add(to, name, json_object_new_int64(n));
}

/* Of tenths; as text, so that 0.3 stays 0.3. */
static void put_seconds(struct json_object *to, const char *name, uint64_t tenths)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu.%llu", (unsigned long long)tenths / 10,
		 (unsigned long long)tenths % 10);
	json_object_object_add(to, name,
			       json_object_new_double_s((double)tenths / 10, text));
}

/* --- stacks ----------------------------------------------------------------------- */

static struct json_object *json_frame(const struct leaked *k, uint64_t frame,
				      const struct symbols_name *name)
{
	struct json_object *to = json_object_new_object();
	struct ledger_image image;
	char offset[32];

	snprintf(offset, sizeof(offset), "0x%llx",
		 (unsigned long long)ledger_view_frame_offset(frame));
	put(to, "module",
	    ledger_view_module(k->l, ledger_view_frame_module(frame), &image)
		    ? image.path
		    : NULL);
	put(to, "offset", offset);
	put(to, "function", name ? name->function : NULL);
	put(to, "file", name ? name->file : NULL);
	json_object_object_add(to, "line",
			       name && name->line ? json_object_new_int64(name->line)
						  : NULL);
	if (name && name->inlined)
		json_object_object_add(to, "inlined", json_object_new_boolean(true));
	return to;
}

static struct json_object *json_stack(const struct leaked *k,
				      const struct ledger_place *p)
{
	struct json_object *all = json_object_new_array();

	for (unsigned int i = 0; i < p->depth; i++) {
		const struct symbols_frame *f = symbols_of(&k->symbols, p->frame[i]);

		if (!f || !f->names)
			json_object_array_add(all, json_frame(k, p->frame[i], NULL));
		for (unsigned int n = 0; f && n < f->names; n++)
			json_object_array_add(all,
					      json_frame(k, p->frame[i], &f->name[n]));
	}
	return all;
}

static struct json_object *json_site(const struct leaked *k, unsigned int site)
{
	struct ledger_place p;

	ledger_view_site(k->l, site, &p);
	return json_stack(k, &p);
}

static const char *how_found(enum ledger_how how)
{
	switch (how) {
	case LEDGER_BY_CALLER:
		break;
	case LEDGER_BY_FRAMES:
		return "frame_pointers";
	case LEDGER_BY_TABLES:
		return "unwind_tables";
	}
	return "caller";
}

/* --- places ----------------------------------------------------------------------- */

static struct json_object *json_states(const struct place *p)
{
	struct json_object *all = json_object_new_object();

	for (int s = SOCKETS_UNKNOWN + 1; s < SOCKETS_STATES; s++)
		if (p->state[s])
			put_number(all, sockets_state_name((enum sockets_state)s),
				   p->state[s]);
	return all;
}

static struct json_object *json_peers(const struct place *p)
{
	struct json_object *all = json_object_new_array();

	for (unsigned int i = 0; i < p->peers; i++) {
		TEXT(address, 64);

		if (p->peer[i].at.port)
			addr_print(&address, &p->peer[i].at);
		else
			addr_print_host(&address, &p->peer[i].at);
		json_object_array_add(all, json_text(address.at));
	}
	return all;
}

static void put_note(struct json_object *to, const struct leaked *k,
		     const struct place *p)
{
	const char *language = leaked_language(k, &p->born);
	char note[128];

	snprintf(note, sizeof(note),
		 "native frames only: the %s interpreter's own frames are not seen",
		 language ? language : "");
	put(to, "note", language ? note : NULL);
}

static void put_ages(struct json_object *to, const struct place *p)
{
	put_seconds(to, "oldest_s", p->oldest);
	put_seconds(to, "newest_s", p->newest);
	put_number(to, "born_in_minute", p->in_minute);
	put_number(to, "born_in_hour", p->in_hour);
	put_number(to, "born_in_day", p->in_day);
	json_object_object_add(to, "growth",
			       p->was_seen ? json_object_new_int64(p->growth) : NULL);
	json_object_object_add(to, "growth_since_s",
			       p->was_seen ? json_object_new_int64(p->looked_s) : NULL);
}

static struct json_object *json_place(const struct leaked *k, const struct place *p)
{
	struct json_object *to = json_object_new_object();

	put_number(to, "count", p->count);
	put_number(to, "live", p->live);
	put_number(to, "total", (int64_t)p->born.births);
	put_number(to, "listening", p->listening);
	put_number(to, "spent", p->spent);
	put(to, "kind", leaked_kind(p->kind));
	put_ages(to, p);
	json_object_object_add(to, "states", json_states(p));
	json_object_object_add(to, "peers", json_peers(p));
	put_number(to, "unread_bytes", (int64_t)p->received);
	put_number(to, "unsent_bytes", (int64_t)p->unsent);
	put(to, "meant", p->meant);
	put(to, "stack_by", how_found(p->born.how));
	json_object_object_add(to, "stack", json_stack(k, &p->born));
	put_note(to, k, p);
	return to;
}

static struct json_object *json_places(const struct leaked *k)
{
	struct json_object *all = json_object_new_array();

	for (unsigned int i = 0; i < k->places.n; i++)
		if (leaked_shows(k, &k->places.at[i]))
			json_object_array_add(all, json_place(k, &k->places.at[i]));
	return all;
}

/* --- what went wrong at close ----------------------------------------------------- */

static struct json_object *json_fault(const char *kind, const char *call,
				      const char *error, unsigned int count,
				      struct json_object *stacks)
{
	struct json_object *to = json_object_new_object();

	put(to, "kind", kind);
	put(to, "call", call);
	put(to, "errno", error);
	put_number(to, "count", count);
	json_object_object_add(to, "stacks", stacks);
	return to;
}

static struct json_object *json_case(const struct leaked *k,
				     const struct ledger_case *c)
{
	struct json_object *stacks = json_object_new_object(), *to;

	json_object_object_add(stacks, "this", json_site(k, c->here));
	json_object_object_add(stacks, "earlier_close", json_site(k, c->closed));
	json_object_object_add(stacks, "birth", json_site(k, c->born));
	to = json_fault(c->fault == LEDGER_CLOSED_TWICE ? "double_close"
							: "use_after_close",
			leaked_call(c), "EBADF", c->count, stacks);
	put_number(to, "descriptor", c->fd);
	put_number(to, "thread", c->thread);
	put_seconds(to, "last_s",
		    k->places.now > c->last ? k->places.now - c->last : 0);
	return to;
}

static struct json_object *json_findings(const struct leaked *k)
{
	struct json_object *all = json_object_new_array();
	const struct ledger_head *h = &k->l->head;
	struct ledger_case c;

	for (unsigned int i = 0; i < LEDGER_FINDINGS; i++)
		if (ledger_view_finding(k->l, i, &c))
			json_object_array_add(all, json_case(k, &c));
	if (PEEK(h->close_eintr))
		json_object_array_add(all, json_fault("close_error", "close", "EINTR",
						      PEEK(h->close_eintr), NULL));
	if (PEEK(h->close_eio))
		json_object_array_add(all, json_fault("close_error", "close", "EIO",
						      PEEK(h->close_eio), NULL));
	return all;
}

/* --- the whole -------------------------------------------------------------------- */

static const char *checked_word(enum places_checked c)
{
	switch (c) {
	case PLACES_CHECKED:
		return "sockets";
	case PLACES_UNNAMED:
		return "descriptors";
	case PLACES_HIDDEN:
	case PLACES_DEAD:
		break;
	}
	return "nothing";
}

static struct json_object *json_process(const struct leaked *k)
{
	struct json_object *to = json_object_new_object();

	put_number(to, "pid",
		   k->one->process ? k->one->process->pid
				   : (int64_t)PEEK(k->l->head.pid));
	put(to, "program", k->program);
	json_object_object_add(to, "running",
			       json_object_new_boolean(k->one->process != NULL));
	put(to, "ledger", k->one->path);
	return to;
}

struct json_object *leaked_json(const struct leaked *k)
{
	struct json_object *to = json_object_new_object();
	const struct places *p = &k->places;

	json_object_object_add(to, "process", json_process(k));
	put(to, "checked", checked_word(p->checked));
	put_number(to, "open", p->live);
	put_number(to, "descriptors", p->descriptors);
	json_object_object_add(to, "limit",
			       p->limit ? json_object_new_int64((int64_t)p->limit)
					: NULL);
	put_number(to, "unclosed", k->unclosed);
	put_number(to, "young", p->young);
	put_number(to, "meant", k->meant);
	put_number(to, "inherited", p->strangers);
	put_number(to, "closed_behind", p->behind);
	json_object_object_add(to, "sites", json_places(k));
	json_object_object_add(to, "findings", json_findings(k));
	return to;
}
