/* SPDX-License-Identifier: MIT */
/*
 * image: a container image with /tfoshim in it and the launcher in front of what it
 * started before, as a new image on top; by the engine that has it. The image stays.
 */
#ifndef CLI_IMAGE_H
#define CLI_IMAGE_H

#include <stdbool.h>

/*
 * tag: the new one's name, or NULL: the image's with "-tfo" behind. dry: only print the
 * Containerfile. These give exit statuses.
 */
int image_install(const char *image, const char *tag, bool dry);
int image_uninstall(const char *image, const char *tag, bool dry);

#endif
