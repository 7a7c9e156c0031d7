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

enum engine_fact { ENGINE_CONFIG, ENGINE_MACHINE, ENGINE_ID, ENGINE_FORMAT };
#define ENGINE_FACTS (ENGINE_FORMAT + 1)

/*
 * The first here that has the image. NULL: why, half a sentence for each that is here;
 * ret_absent: one of them works, and knows that it is not there.
 */
const struct engine *engine_of(const char *image, struct text *why, bool *ret_absent);
const char *engine_name(const struct engine *e);
/* The one that starts its images. */
const char *engine_starter(const struct engine *e);
/* As text: the configuration as JSON (buildah: in a member "config"), the machine as
 * images name it, ... */
bool engine_tells(const struct engine *e, const char *image, enum engine_fact fact,
		  struct trial *ret);
/*
 * From context/Containerfile; nothing is fetched. In the format of its base: that of
 * OCI knows no HEALTHCHECK.
 */
bool engine_build(const struct engine *e, const char *base, const char *image,
		  const char *context, struct trial *ret);
bool engine_remove(const struct engine *e, const char *image, struct trial *ret);
/* The last thing it said: warnings come first. */
const char *engine_reason(struct trial *got);

#endif
