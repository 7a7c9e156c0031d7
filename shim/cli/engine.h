/* SPDX-License-Identifier: MIT */
/*
 * engine: podman, buildah, docker: what they are asked about images, and what is done
 * with one. What an engine says is kept in a trial.
 */
#ifndef CLI_ENGINE_H
#define CLI_ENGINE_H

#include <stdbool.h>

#include "cli/trial.h"
#include "core/text.h"

struct engine;

enum engine_fact {
	ENGINE_CONFIG,	/* as JSON: it, or what holds it as "config" */
	ENGINE_MACHINE, /* as images name it */
	ENGINE_STEPS,	/* ONBUILD of it, or all that is known of how it was made */
	ENGINE_ID,	/* by which images are told apart */
	ENGINE_FORMAT,	/* of its manifest: docker's has more than OCI's */
	ENGINE_FACTS
};

/*
 * The first here that has the image. NULL: why, half a sentence for each that is here;
 * ret_absent: one of them works, and knows that it is not there.
 */
const struct engine *engine_of(const char *image, struct text *why, bool *ret_absent);
const char *engine_name(const struct engine *e);
/* The one that starts its images. */
const char *engine_starter(const struct engine *e);
/* As text. */
bool engine_tells(const struct engine *e, const char *image, enum engine_fact fact,
		  struct trial *ret);
/* Does a build on top of it run commands that it holds ready? */
bool engine_has_triggers(const struct engine *e, const char *image);
/* From context/Containerfile, in the format of the image below; nothing is fetched. */
bool engine_build(const struct engine *e, const char *base, const char *image,
		  const char *context, struct trial *ret);
bool engine_remove(const struct engine *e, const char *image, struct trial *ret);
/* The last thing it said: warnings come first. */
const char *engine_reason(struct trial *got);

#endif
