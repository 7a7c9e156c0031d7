/* SPDX-License-Identifier: MIT */
/* keys: what there is to know about the keys of a policy; see keys.h. */
#include "cli/keys.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const enum rule_section every_section[] = {
	SECTION_connect,
	SECTION_listen,
	SECTION_leaks,
	SECTION_log,
};
#define SECTIONS (sizeof(every_section) / sizeof(*every_section))

const char *keys_value(enum rule_key k, int64_t value, const char *text,
		       struct text *room)
{
	if (value_is_text(rule_about(k)->type))
		return text;
	if (value == RULE_UNSET)
		return NULL;
	room->n = 0;
	value_print(room, rule_about(k)->type, value);
	return room->at;
}

void keys_show_defaults(void)
{
	puts("# What holds where no section says otherwise:");
	for (size_t i = 0; i < SECTIONS; i++) {
		printf("#\n# [%s]\n", rule_section_name(every_section[i]));
		for (enum rule_key k = 0; k < KEYS; k++)
			if (rule_about(k)->sections & every_section[i])
				printf("# %s: %s\n", rule_about(k)->name,
				       rule_about(k)->standard);
	}
}

static struct json_object *json_key(enum rule_key k)
{
	struct json_object *key = json_object_new_object();
	TEXT(room, 96);

	json_object_object_add(
		key, "value",
		json_text(keys_value(k, rule_value(NULL, k), NULL, &room)));
	json_object_object_add(key, "words", json_text(rule_about(k)->standard));
	json_object_object_add(key, "does", json_text(rule_about(k)->does));
	return key;
}

struct json_object *keys_json_defaults(void)
{
	struct json_object *all = json_object_new_object();

	for (size_t i = 0; i < SECTIONS; i++) {
		struct json_object *of = json_object_new_object();

		for (enum rule_key k = 0; k < KEYS; k++)
			if (rule_about(k)->sections & every_section[i])
				json_object_object_add(of, rule_about(k)->name,
						       json_key(k));
		json_object_object_add(all, rule_section_name(every_section[i]), of);
	}
	return all;
}

/* --- the manual's lists ---------------------------------------------------------- */

/* What an empty value is told to be instead; texts may be empty. */
static void show_form(const struct rule_about *about)
{
	static const char off[] = ", or off";
	int64_t unused;
	const char *form = value_parse(about->type, "", 0, &unused), *at;

	if (!form)
		form = "a text in double quotes";
	at = strstr(form, off);
	if (at && about->least > 0) /* off is 0, and too little for it */
		printf("It is %.*s", (int)(at - form), form);
	else
		printf("It is %s", form);
}

/* Where the number has bounds of its own, beyond those of its form. */
static void show_bounds(const struct rule_about *about)
{
	TEXT(least, 96);
	TEXT(most, 96);

	if (about->type != VALUE_count && about->type != VALUE_duration &&
	    about->type != VALUE_ratio && about->type != VALUE_fraction &&
	    about->type != VALUE_percent)
		return;
	value_print(&least, about->type, about->least);
	value_print(&most, about->type, about->most);
	if (about->least)
		printf(", from %s to %s", least.at, most.at);
	else
		printf(", at most %s", most.at);
}

static void show_key(enum rule_key k)
{
	const struct rule_about *about = rule_about(k);

	printf(".It Li %s\n%c%s.\n", about->name,
	       toupper((unsigned char)about->does[0]), about->does + 1);
	show_form(about);
	show_bounds(about);
	printf(".\nDefault: %s.\n", about->standard);
}

static void show_group(unsigned int sections)
{
	const char *before = ".Ss Keys of";

	for (size_t i = 0; i < SECTIONS; i++)
		if (sections & every_section[i]) {
			printf("%s %s", before, rule_section_name(every_section[i]));
			before = " and";
		}
	puts("\n.Bl -tag -width Ds");
	for (enum rule_key k = 0; k < KEYS; k++)
		if (rule_about(k)->sections == sections)
			show_key(k);
	puts(".El");
}

/* Keys of the same sections stand together, in the order of the table. */
void keys_show_mdoc(void)
{
	for (enum rule_key k = 0; k < KEYS; k++) {
		enum rule_key first = 0;

		while (rule_about(first)->sections != rule_about(k)->sections)
			first++;
		if (first == k)
			show_group(rule_about(k)->sections);
	}
}
