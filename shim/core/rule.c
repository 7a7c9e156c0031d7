/* SPDX-License-Identifier: MIT */
/* rule: a section of a policy file; see rule.h. */
#include "core/rule.h"

#define CONNECT SECTION_connect
#define LISTEN SECTION_listen
#define LEAKS SECTION_leaks
#define LOG SECTION_log
#define UNSET RULE_UNSET

static const struct rule_about about[KEYS] = {
#define KEY(id, name, sections, type, least, most, standard, words, does) \
	{ name, words, does, sections, type, least, most },
#include "core/policy_keys.def"
#undef KEY
};

static const int64_t standards[KEYS] = {
#define KEY(id, name, sections, type, least, most, standard, words, does) standard,
#include "core/policy_keys.def"
#undef KEY
};

const struct rule_about *rule_about(enum rule_key k)
{
	return &about[k];
}

int64_t rule_standard(enum rule_key k)
{
	return standards[k];
}

const char *rule_section_name(unsigned int sections)
{
	return sections & CONNECT  ? "connect"
	       : sections & LISTEN ? "listen"
	       : sections & LEAKS  ? "leaks"
				   : "log";
}

static const struct rule_setting *setting(const struct rule *r, enum rule_key k)
{
	const struct rule_setting *s = r ? r->settings : NULL;

	while (s && s->key < k)
		s = s->next;
	return s && s->key == k ? s : NULL;
}

int64_t rule_value(const struct rule *r, enum rule_key k)
{
	const struct rule_setting *s = setting(r, k);

	return s ? s->value : standards[k];
}

const char *rule_text(const struct rule *r, enum rule_key k)
{
	const struct rule_setting *s = setting(r, k);

	return s ? s->text : NULL;
}

static void print_quoted(const struct sink *to, const char *s)
{
	sink_str(to, "\"");
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			sink_str(to, "\\");
		to->put(to->to, s, 1);
	}
	sink_str(to, "\"\n");
}

static void print_setting(const struct sink *to, const struct rule_setting *s)
{
	enum value_type type = about[s->key].type;
	TEXT(value, 96);

	sink_str(to, about[s->key].name);
	sink_str(to, " = ");
	if (value_is_text(type) && type != VALUE_word) {
		print_quoted(to, s->text);
		return;
	}
	value_print(&value, type, s->value);
	sink_str(to, type == VALUE_word ? s->text : value.at);
	sink_str(to, "\n");
}

void rule_print(const struct rule *r, const struct sink *to)
{
	sink_str(to, "[");
	sink_str(to, rule_section_name(r->section));
	for (const struct scope_target *t = r->targets; t; t = t->next) {
		sink_str(to, " ");
		scope_target_print(to, t);
	}
	scope_who_print(to, " program=", r->programs);
	scope_who_print(to, " user=", r->users);
	sink_str(to, "]\n");
	for (const struct rule_setting *s = r->settings; s; s = s->next)
		print_setting(to, s);
}
