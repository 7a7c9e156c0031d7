/* SPDX-License-Identifier: MIT */
/* patient: a program as doctor sees it; see patient.h. */
#include "cli/patient.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/container.h"
#include "cli/json.h"
#include "cli/machine.h"
#include "core/elf.h"
#include "core/target.h"

static const struct clash {
	enum { PRELOADED, NEEDED, COMMAND } by;
	const char *name, *word;
	enum level level;
	const char *says, *remedy;
} clashes[] = {
#define CLASH(by, name, word, level, says, remedy, proof) \
	{ by, name, word, LEVEL_##level, says, remedy },
#include "cli/clashes.def"
#undef CLASH
};

#define CLASHES (sizeof(clashes) / sizeof(*clashes))

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void tell_clash(struct findings *findings, const struct clash *c,
		       const char *what)
{
	findings_tell(findings, c->level, "known", "%s: %s", what, c->says);
	if (c->remedy)
		findings_mend(findings, NULL, c->remedy, what);
}

/* --- a command to paste ----------------------------------------------------------- */

/* The words from..to (NULL: to the end), `tfo run --` before the one at `at`. */
static void mend_words(struct findings *findings, const char *when, char **words,
		       char **at)
{
	char own[PATH_MAX], *text;
	ssize_t len = readlink("/proc/self/exe", own, sizeof(own) - 1);
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return;
	own[len > 0 ? len : 0] = '\0';
	for (; *words; words++) {
		if (words == at) {
			/* by its path: PATH may be another one there */
			say_word(to, *own ? own : "tfo");
			fputs(" run -- ", to);
		}
		say_word(to, *words);
		if (words[1])
			putc(' ', to);
	}
	if (fclose(to))
		return;
	findings_mend(findings, when, text, NULL);
	free(text);
}

/* --- env(1) ----------------------------------------------------------------------- */

static bool takes_value(const char *option)
{
	return !strcmp(option, "-u") || !strcmp(option, "--unset") ||
	       !strcmp(option, "-C") || !strcmp(option, "--chdir");
}

/* Does this option take LD_PRELOAD away? */
static bool clears(const char *option, const char *next)
{
	static const char name[] = "LD_PRELOAD";

	if (!strcmp(option, "-i") || !strcmp(option, "-") ||
	    !strcmp(option, "--ignore-environment"))
		return true;
	if (takes_value(option) && option[1 + (option[1] == '-')] == 'u')
		return next && !strcmp(next, name);
	return !strcmp(option, "-uLD_PRELOAD") || !strcmp(option, "--unset=LD_PRELOAD");
}

/*
 * What `env ... COMMAND` runs, and whether LD_PRELOAD gets there. `env -S` is not
 * looked into: what is known is that env is a program.
 */
static char **behind_env(char **words, bool *ret_cleared)
{
	char **at = words + 1;

	*ret_cleared = false;
	for (; *at && **at == '-' && strcmp(*at, "--"); at++) {
		if (!strncmp(*at, "-S", 2) || !strncmp(*at, "--split", 7))
			return words;
		*ret_cleared = clears(*at, at[1]) || *ret_cleared;
		if (takes_value(*at) && at[1])
			at++;
	}
	if (*at && !strcmp(*at, "--"))
		at++;
	for (; *at && strchr(*at, '='); at++)
		if (!strncmp(*at, "LD_PRELOAD=", 11))
			*ret_cleared = !object_is_in(*at + 11);
	return *at ? at : words;
}

/* --- which road ------------------------------------------------------------------- */

static const char *road_of(enum target_verdict verdict)
{
	if (verdict == TARGET_PRELOAD)
		return "preload";
	return verdict == TARGET_UNREADABLE ? "unknown" : "none";
}

static void put_program(struct findings *findings, const char *command,
			const struct target *target, const char *sentence)
{
	static const char *const libcs[] = {
		[TARGET_LIBC_UNKNOWN] = NULL,
		[TARGET_LIBC_GLIBC] = "glibc",
		[TARGET_LIBC_MUSL] = "musl",
	};
	struct json_object *to = json_object_new_object();
	struct json_object *chain = json_object_new_array();

	for (unsigned int i = 0; i < target->chain_len; i++)
		json_object_array_add(chain, json_text(target->chain[i]));
	json_object_object_add(to, "command", json_text(command));
	json_object_object_add(to, "file", json_text(target->path));
	json_object_object_add(to, "by_way_of", chain);
	json_object_object_add(to, "road", json_text(road_of(target->verdict)));
	json_object_object_add(to, "kind", json_text(target_word(target->verdict)));
	json_object_object_add(to, "libc", json_text(libcs[target->libc]));
	json_object_object_add(to, "sentence", json_text(sentence));
	findings_put(findings, "program", to);
}

/* A static program's listeners can have it from the kernel, its children from us. */
static void help_alone(struct findings *findings)
{
	const long wanted = MACHINE_CLIENT | MACHINE_SERVER | MACHINE_EVERY_LISTENER;
	long bits = machine_fastopen();
	char path[PATH_MAX];
	const char *sign;

	if (!object_find(path, sizeof(path)))
		findings_mend(findings, "for the programs that it starts",
			      "export LD_PRELOAD=@", path);
	if (bits < 0 || (bits & wanted) == wanted)
		return;
	findings_tell(findings, LEVEL_WARN, "listeners",
		      "the kernel can give Fast Open to all of this namespace without "
		      "being asked, this program's too");
	container_mend(findings, container_find(&sign), "net.ipv4.tcp_fastopen",
		       machine_mended(wanted, 0));
}

static void mend_road(struct findings *findings, const struct target *target,
		      char **words)
{
	static const char *const gaining[] = { "sudo", "doas", "pkexec" };
	const char *name = base_name(words[0]);

	if (target->verdict == TARGET_STATIC || target->verdict == TARGET_GO)
		help_alone(findings);
	if (target->verdict != TARGET_SECURE || !words[1] || words[1][0] == '-')
		return;
	for (size_t i = 0; i < sizeof(gaining) / sizeof(*gaining); i++)
		if (!strcmp(name, gaining[i]))
			mend_words(findings, "behind it", words, words + 1);
}

static void check_road(struct findings *findings, const struct target *target,
		       char **words)
{
	char sentence[TARGET_SENTENCE];

	target_sentence(target, sentence);
	put_program(findings, words[0], target, sentence);
	if (target->verdict == TARGET_PRELOAD) {
		findings_tell(findings, LEVEL_OK, "program", "%s", sentence);
	} else if (target->verdict == TARGET_UNREADABLE) {
		findings_tell(findings, LEVEL_WARN, "program", "%s", sentence);
	} else {
		findings_tell(findings, LEVEL_FAIL, "program", "%s", sentence);
		findings_deny_both(findings, "the program cannot be reached");
		mend_road(findings, target, words);
	}
}

/* --- what clashes ----------------------------------------------------------------- */

static bool has_word(char **words, const char *word)
{
	if (!word)
		return true;
	while (*++words)
		if (!strcmp(*words, word))
			return true;
	return false;
}

static void check_command(struct findings *findings, const struct target *target,
			  char **words)
{
	const char *name = base_name(target->chain_len ? target->chain[0]
						       : target->path);

	for (size_t i = 0; i < CLASHES; i++)
		if (clashes[i].by == COMMAND && !strcmp(name, clashes[i].name) &&
		    has_word(words, clashes[i].word))
			tell_clash(findings, &clashes[i], name);
}

static void check_needed(struct findings *findings, const struct target *target)
{
	int fd = open(target->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return;
	for (size_t i = 0; i < CLASHES; i++)
		if (clashes[i].by == NEEDED && elf_needs(fd, clashes[i].name))
			tell_clash(findings, &clashes[i], target->path);
	close(fd);
}

void patient_check(struct findings *findings, char **command)
{
	static struct target target;
	char **words = command;
	bool cleared = false;

	if (!strcmp(base_name(*words), "env"))
		words = behind_env(command, &cleared);
	target_read(words[0], &target);
	check_road(findings, &target, words);
	if (cleared && words != command) { /* else it starts nothing, or `env -S` */
		findings_tell(findings, LEVEL_FAIL, "environment",
			      "env takes LD_PRELOAD away: %s does not get it",
			      words[0]);
		mend_words(findings, "behind it", command, words);
		findings_deny_both(findings, "LD_PRELOAD is taken away");
	}
	check_command(findings, &target, words);
	if (target.verdict == TARGET_PRELOAD)
		check_needed(findings, &target);
}

static void check_object(struct findings *findings, const char *path)
{
	const char *name = base_name(path);

	if (strchr(path, '/') && !strchr(path, '$') && access(path, R_OK) < 0)
		findings_tell(findings, LEVEL_WARN, "LD_PRELOAD",
			      "%s cannot be read: the loader says so at every start",
			      path);
	for (size_t i = 0; i < CLASHES; i++)
		if (clashes[i].by == PRELOADED &&
		    !strncmp(name, clashes[i].name, strlen(clashes[i].name)))
			tell_clash(findings, &clashes[i], name);
}

void patient_check_preload(struct findings *findings)
{
	const char *preload = getenv("LD_PRELOAD");
	char *copy, *rest = NULL, *path;

	if (!preload || !*preload) {
		findings_tell(findings, LEVEL_OK, "LD_PRELOAD", "not set");
		return;
	}
	findings_tell(findings, LEVEL_OK, "LD_PRELOAD", "%s; 'tfo run' %s", preload,
		      object_is_in(preload) ? "leaves it as it is"
					    : "keeps it, behind libtfoshim.so");
	copy = strdup(preload);
	for (path = copy ? strtok_r(copy, ": ", &rest) : NULL; path;
	     path = strtok_r(NULL, ": ", &rest))
		check_object(findings, path);
	free(copy);
}
