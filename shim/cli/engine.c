/* SPDX-License-Identifier: MIT */
/* engine: podman, buildah, docker, by their own commands; see engine.h. */
#include "cli/engine.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#define ASK_MS 60000
#define BUILD_MS 1800000
#define WORDS 12
/* Places in the commands below. */
#define IMAGE "\001"
#define FACT "\002"
#define CONTEXT "\003"
#define RECIPE "\004"
#define FORMAT "\005"
#define TRIGGERS(list) "{{range " list "}}ONBUILD {{.}}{{println}}{{end}}"

struct engine {
	const char *name, *starter;
	const char *facts[ENGINE_FACTS];
	const char *inspect[WORDS], *build[WORDS], *remove[WORDS];
};

/*
 * docker's build fetches only what is not here: the image is, as it has been asked of.
 * podman tells no triggers, but history has them.
 */
static const struct engine engines[] = {
	{ "podman",
	  "podman",
	  { "{{json .Config}}", "{{.Architecture}}",
	    "{{range .History}}{{.CreatedBy}}{{println}}{{end}}", "{{.Id}}",
	    "{{.ManifestType}}" },
	  { "podman", "image", "inspect", "--format", FACT, IMAGE },
	  { "podman", "build", "-q", "--pull=never", "--format", FORMAT, "-t", IMAGE,
	    "-f", RECIPE, CONTEXT },
	  { "podman", "image", "rm", IMAGE } },
	{ "buildah",
	  "podman",
	  { "{{.Config}}", "{{.OCIv1.Architecture}}",
	    TRIGGERS(".Docker.Config.OnBuild"), "{{.FromImageID}}", "{{.Manifest}}" },
	  { "buildah", "inspect", "--type", "image", "--format", FACT, IMAGE },
	  { "buildah", "bud", "-q", "--pull-never", "--format", FORMAT, "-t", IMAGE,
	    "-f", RECIPE, CONTEXT },
	  { "buildah", "rmi", IMAGE } },
	{ "docker",
	  "docker",
	  { "{{json .Config}}", "{{.Architecture}}", TRIGGERS(".Config.OnBuild"),
	    "{{.Id}}", "" },
	  { "docker", "image", "inspect", "--format", FACT, IMAGE },
	  { "docker", "build", "-q", "-t", IMAGE, "-f", RECIPE, CONTEXT },
	  { "docker", "image", "rm", IMAGE } },
};

#define ENGINES (sizeof(engines) / sizeof(*engines))

struct blanks {
	const char *image, *fact, *context, *format;
};

static const char *filled_in(const char *word, const struct blanks *b,
			     const char *recipe)
{
	return !strcmp(word, IMAGE)	? b->image
	       : !strcmp(word, FACT)	? b->fact
	       : !strcmp(word, CONTEXT) ? b->context
	       : !strcmp(word, RECIPE)	? recipe
	       : !strcmp(word, FORMAT)	? b->format
					: word;
}

/* A wait status, or negative errno. */
static int run(const char *const words[WORDS], const struct blanks *b, int ms,
	       struct trial *ret)
{
	const char *filled[WORDS + 1] = { NULL };
	char recipe[PATH_MAX];

	snprintf(recipe, sizeof(recipe), "%s/Containerfile",
		 b->context ? b->context : "");
	for (size_t i = 0; i < WORDS && words[i]; i++)
		filled[i] = filled_in(words[i], b, recipe);
	return trial_run(filled, NULL, ms, ret);
}

static bool is_installed(int status)
{
	return status < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 127;
}

const char *engine_reason(struct trial *got)
{
	char *line;

	while (got->noise_n && got->noise[got->noise_n - 1] == '\n')
		got->noise[--got->noise_n] = '\0';
	line = strrchr(got->noise, '\n');
	if (!got->noise_n)
		return "it does not say why";
	return line ? line + 1 : got->noise;
}

static void add_reason(struct text *why, const struct engine *e, struct trial *got)
{
	text_str(why, why->n ? "; " : "");
	text_str(why, e->name);
	text_str(why, " says: ");
	text_str(why, engine_reason(got));
}

const struct engine *engine_of(const char *image, struct text *why, bool *ret_absent)
{
	struct trial got;
	int status;

	*ret_absent = false;
	for (const struct engine *e = engines; e < engines + ENGINES; e++) {
		const char *const list[WORDS] = { e->name, "images", "-q" };

		if (engine_tells(e, image, ENGINE_MACHINE, &got))
			return e;
		status = run(list, &(struct blanks){ .image = NULL }, ASK_MS, &got);
		if (status && is_installed(status))
			add_reason(why, e, &got);
		*ret_absent = *ret_absent || !status;
	}
	if (*ret_absent)
		text_str(why, why->n ? "; no other has it" : "nobody has it");
	else if (!why->n)
		text_str(why, "for images podman, buildah or docker is needed");
	return NULL;
}

const char *engine_name(const struct engine *e)
{
	return e->name;
}

const char *engine_starter(const struct engine *e)
{
	return e->starter;
}

bool engine_tells(const struct engine *e, const char *image, enum engine_fact fact,
		  struct trial *ret)
{
	const struct blanks b = { .image = image, .fact = e->facts[fact] };

	return *b.fact && run(e->inspect, &b, ASK_MS, ret) == 0;
}

/* "ONBUILD ...", or in a history "/bin/sh -c #(nop) ONBUILD ...". */
bool engine_has_triggers(const struct engine *e, const char *image)
{
	const char nop[] = "/bin/sh -c #(nop) ", word[] = "ONBUILD ";
	struct trial got;
	bool found = false;

	if (!engine_tells(e, image, ENGINE_STEPS, &got))
		return false;
	for (const char *line = got.out; *line && !found;
	     line += strcspn(line, "\n"), line += *line == '\n') {
		const char *at = line;

		if (!strncmp(at, nop, sizeof(nop) - 1))
			at += sizeof(nop) - 1;
		found = !strncmp(at + strspn(at, " "), word, sizeof(word) - 1);
	}
	return found;
}

bool engine_build(const struct engine *e, const char *base, const char *image,
		  const char *context, struct trial *ret)
{
	struct blanks b = { .image = image, .context = context, .format = "oci" };

	if (engine_tells(e, base, ENGINE_FORMAT, ret) &&
	    strstr(ret->out, "vnd.docker."))
		b.format = "docker";
	return run(e->build, &b, BUILD_MS, ret) == 0;
}

bool engine_remove(const struct engine *e, const char *image, struct trial *ret)
{
	return run(e->remove, &(struct blanks){ .image = image }, ASK_MS, ret) == 0;
}
