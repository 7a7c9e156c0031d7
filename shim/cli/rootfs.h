/* SPDX-License-Identifier: MIT */
/*
 * rootfs: what a container needs of us, put into a directory that is or will be its
 * root: /tfoshim with the object and a launcher, which is tfo as one static file, or a
 * shell script where that was not built. Images are left to image.
 */
#ifndef CLI_ROOTFS_H
#define CLI_ROOTFS_H

#include <stdbool.h>
#include <stddef.h>

#define ROOTFS_OURS "tfoshim"
#define ROOTFS_LAUNCHER "entrypoint"
#define ROOTFS_OBJECT "libtfoshim.so"

/*
 * The files that go there; ret_is_script: it needs a /bin/sh. An exit status: what is
 * missing has been said.
 */
int rootfs_sources(char *ret_launcher, char *ret_object, size_t size,
		   bool *ret_is_script);
/*
 * Into directory/tfoshim. Negative errno; ret_name: of which file. *ret_changed:
 * nothing of it was there.
 */
int rootfs_fill(const char *directory, const char *launcher, const char *object,
		bool *ret_changed, const char **ret_name);

/* dry: only say what would be done. These give exit statuses. */
int rootfs_install(const char *directory, bool dry);
int rootfs_uninstall(const char *directory, bool dry);

#endif
