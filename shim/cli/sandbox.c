/* SPDX-License-Identifier: MIT */
/* sandbox: what a service of systemd can load; see sandbox.h. */
#include "cli/sandbox.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/trial.h"
#include "core/elf.h"

#define PATIENCE_MS 30000
#define MOST 64 /* words of the command */

/*
 * Whatever changes which files there are, and from which of them code may be mapped;
 * nothing that makes or removes something (StateDirectory=, RuntimeDirectory=). What
 * follows from others (DynamicUser=, ProtectSystem=) systemd has put into these.
 */
static const char settings[] =
	"--property=RootDirectory,RootImage,RootImageOptions,MountAPIVFS,MountImages,"
	"ExtensionImages,ExtensionDirectories,BindPaths,BindReadOnlyPaths,"
	"TemporaryFileSystem,ProtectHome,PrivateTmp,InaccessiblePaths,ExecPaths,"
	"NoExecPaths,AppArmorProfile,SELinuxContext";

/* systemd's own loader is there, whatever tfo is linked with. */
static bool find_loader(char ret_loader[PATH_MAX])
{
	int fd = open("/proc/1/exe", O_RDONLY | O_CLOEXEC);
	bool found = fd >= 0 && elf_read(fd, ret_loader) == ELF_DYNAMIC;

	if (fd >= 0)
		close(fd);
	return found;
}

/* Of a template: those of an instance that nobody starts. */
static bool read_settings(const char *unit, struct trial *ret)
{
	const char *at = strchr(unit, '@');
	bool template = at && at[1] == '.';
	char name[NAME_MAX + 16];
	const char *const words[] = { "systemctl", "show", settings, "--", name, NULL };

	snprintf(name, sizeof(name), "%.*s%s%s",
		 template ? (int)(at - unit) + 1 : (int)strlen(unit), unit,
		 template ? "tfoshim" : "", template ? at + 1 : "");
	/* in a chroot it says nothing, and that it went well */
	return trial_run(words, NULL, PATIENCE_MS, ret) == 0 && strchr(ret->out, '=');
}

/* Each line that sets something becomes a -p of the command; n: of its words. */
static size_t take_settings(char *lines, const char *words[], size_t n)
{
	char *line, *value;

	while ((line = strsep(&lines, "\n"))) {
		value = strchr(line, '=');
		if (!value || !value[1] || !strcmp(value, "=no") || n + 8 > MOST)
			continue;
		words[n++] = "-p";
		words[n++] = line;
	}
	return n;
}

/* What a loader says: glibc's behind the object's name, musl's too. */
static bool find_reason(const char *noise, const char *object, struct text *why)
{
	const char *last = NULL, *s = noise;

	while ((s = strstr(s, object)))
		last = s++;
	if (!last)
		return false;
	text_str(why, "in its sandbox ");
	for (; *last && *last != '\n'; last++)
		text_char(why, *last);
	return true;
}

/* --list loads the object as far as mapping it; nothing of it runs. */
static enum sandbox_sight try_it(char *lines, const char *object, struct text *why)
{
	const char *words[MOST] = { "systemd-run", "--quiet",	"--wait",
				    "--pipe",	   "--collect", "--service-type=exec" };
	char loader[PATH_MAX];
	struct trial got;
	size_t n = take_settings(lines, words, 6);
	int status;

	if (n == 6)
		return SANDBOX_OPEN;
	if (!find_loader(loader))
		return SANDBOX_UNKNOWN;
	words[n++] = "--";
	words[n++] = loader;
	words[n++] = "--list";
	words[n++] = object;
	status = trial_run(words, NULL, PATIENCE_MS, &got);
	if (status == 0)
		return SANDBOX_OPEN;
	return status > 0 && find_reason(got.noise, object, why) ? SANDBOX_CLOSED
								 : SANDBOX_UNKNOWN;
}

enum sandbox_sight sandbox_ask(const char *unit, const char *object, struct text *why)
{
	struct trial got;

	if (access("/run/systemd/system", F_OK) < 0 || !read_settings(unit, &got))
		return SANDBOX_UNKNOWN;
	return try_it(got.out, object, why);
}
