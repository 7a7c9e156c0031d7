/* SPDX-License-Identifier: MIT */
/* container: which kind of container this is; see container.h. */
#include "cli/container.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SYSCTL_D "/etc/sysctl.d"

static const char *const names[] = {
	[CONTAINER_NONE] = "none",     [CONTAINER_PODMAN] = "podman",
	[CONTAINER_DOCKER] = "docker", [CONTAINER_KUBERNETES] = "kubernetes",
	[CONTAINER_LXC] = "lxc",       [CONTAINER_NSPAWN] = "systemd-nspawn",
	[CONTAINER_OTHER] = "other",
};

const char *container_name(enum container c)
{
	return names[c];
}

static bool holds(const char *path, const char *word)
{
	char text[8192];
	FILE *from = fopen(path, "re");
	size_t len;

	if (!from)
		return false;
	len = fread(text, 1, sizeof(text), from);
	fclose(from);
	return memmem(text, len, word, strlen(word)) != NULL;
}

/* What systemd and the tools of containers put into the environment of process 1. */
static enum container by_variable(const char *value)
{
	if (!strcmp(value, "podman"))
		return CONTAINER_PODMAN;
	if (!strncmp(value, "docker", 6))
		return CONTAINER_DOCKER;
	if (!strncmp(value, "lxc", 3))
		return CONTAINER_LXC;
	if (!strcmp(value, "systemd-nspawn"))
		return CONTAINER_NSPAWN;
	return CONTAINER_OTHER;
}

static enum container by_control_group(const char **ret_sign)
{
	static const struct {
		const char *word;
		enum container kind;
	} words[] = {
		{ "kubepods", CONTAINER_KUBERNETES },
		{ "libpod", CONTAINER_PODMAN },
		{ "docker", CONTAINER_DOCKER },
		{ "containerd", CONTAINER_OTHER },
		{ "lxc", CONTAINER_LXC },
	};

	*ret_sign = "the control group of process 1 says so";
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (holds("/proc/1/cgroup", words[i].word))
			return words[i].kind;
	*ret_sign = NULL;
	return CONTAINER_NONE;
}

enum container container_find(const char **ret_sign)
{
	const char *own = getenv("container"), *pod = getenv("KUBERNETES_SERVICE_HOST");

	*ret_sign = "KUBERNETES_SERVICE_HOST is set";
	if (pod && *pod)
		return CONTAINER_KUBERNETES;
	*ret_sign = "the variable 'container' is set";
	if (own && *own)
		return by_variable(own);
	*ret_sign = "/run/.containerenv exists";
	if (!access("/run/.containerenv", F_OK))
		return CONTAINER_PODMAN;
	*ret_sign = "/.dockerenv exists";
	if (!access("/.dockerenv", F_OK))
		return CONTAINER_DOCKER;
	*ret_sign = "the variable 'container' of process 1 is set";
	if (holds("/proc/1/environ", "container=lxc"))
		return CONTAINER_LXC;
	if (holds("/proc/1/environ", "container="))
		return CONTAINER_OTHER;
	return by_control_group(ret_sign);
}

/* --- how its sysctls are set ------------------------------------------------------ */

static bool is_installed(const char *program)
{
	static const char *const places[] = { "/usr/sbin", "/sbin", "/usr/bin",
					      "/bin" };
	char path[64];

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		snprintf(path, sizeof(path), "%s/%s", places[i], program);
		if (!access(path, X_OK))
			return true;
	}
	return false;
}

/* Where there is no sysctl(8), as in small images, the file itself is written. */
static void mend_here(struct findings *findings, const char *when, const char *sysctl,
		      const char *file, long value, const char *before)
{
	char command[PATH_MAX + 64];

	if (is_installed("sysctl"))
		snprintf(command, sizeof(command), "%ssysctl -w %s=%ld", before, sysctl,
			 value);
	else if (*before)
		snprintf(command, sizeof(command), "echo %ld | %stee %s", value, before,
			 file);
	else
		snprintf(command, sizeof(command), "echo %ld > %s", value, file);
	findings_mend(findings, when, command, NULL);
}

/* For the next start. Each in a file of its own: one would take the other's place. */
static void mend_next(struct findings *findings, const char *when, bool sudo,
		      const char *sysctl, long value)
{
	char command[PATH_MAX];
	/* a small Debian has none until procps or systemd brings it */
	bool has = access(SYSCTL_D, F_OK) == 0;
	const char *name = strrchr(sysctl, '.') + 1;

	snprintf(command, sizeof(command),
		 sudo ? "%s%secho '%s = %ld' | sudo tee " SYSCTL_D "/50-tfoshim-%s.conf"
		      : "%s%secho '%s = %ld' > " SYSCTL_D "/50-tfoshim-%s.conf",
		 sudo && !has ? "sudo " : "", has ? "" : "mkdir -p " SYSCTL_D " && ",
		 sysctl, value, name);
	findings_mend(findings, when, command, NULL);
}

static void mend_host(struct findings *findings, bool writable, const char *sysctl,
		      const char *file, long value)
{
	bool sudo = !writable && is_installed("sudo");
	bool as_root = !writable && !sudo;

	mend_here(findings, as_root ? "as root" : NULL, sysctl, file, value,
		  sudo ? "sudo " : "");
	mend_next(findings,
		  as_root ? "and for the next start, as root"
			  : "and for the next start",
		  sudo, sysctl, value);
}

/* Of a container that runs: from the host, into its namespace. '@': how it is called.
 */
static void mend_running(struct findings *findings, const char *engine,
			 const char *sysctl, long value)
{
	char name[HOST_NAME_MAX + 1] = "", command[256];
	const char *before = "";

	/* The engines take their own name of it, 12 digits, for its host's name. */
	gethostname(name, sizeof(name) - 1);
	if (strspn(name, "0123456789abcdef") != 12 || name[12])
		strcpy(name, "NAME");
	if (holds("/run/.containerenv", "rootless=1"))
		before = "podman unshare ";
	snprintf(command, sizeof(command),
		 "%snsenter -t \"$(%s inspect -f '{{.State.Pid}}' @)\" -n "
		 "sysctl -w %s=%ld",
		 before, engine, sysctl, value);
	findings_mend(findings,
		      *before ? "or while it runs, by its user on the host"
			      : "or while it runs, as root on the host",
		      command, name);
}

static void mend_engine(struct findings *findings, const char *engine,
			const char *sysctl, long value)
{
	char command[128];

	snprintf(command, sizeof(command), "%s run --sysctl %s=%ld IMAGE", engine,
		 sysctl, value);
	findings_mend(findings, "when the container is started", command, NULL);
	mend_running(findings, engine, sysctl, value);
}

static void mend_outside(struct findings *findings, const char *sysctl, long value)
{
	char command[128];

	snprintf(command, sizeof(command), "nsenter -t PID -n sysctl -w %s=%ld", sysctl,
		 value);
	findings_mend(findings,
		      "as root on the host; PID is one of its processes, as seen there",
		      command, NULL);
}

static void mend_pod(struct findings *findings, const char *sysctl, long value)
{
	char when[160], command[512];

	snprintf(when, sizeof(when),
		 "in the pod's securityContext, where the kubelet has "
		 "--allowed-unsafe-sysctls=%s",
		 sysctl);
	snprintf(command, sizeof(command),
		 "kubectl patch deployment NAME -p '{\"spec\":{\"template\":{\"spec\":"
		 "{\"securityContext\":{\"sysctls\":[{\"name\":\"%s\",\"value\":"
		 "\"%ld\"}]}}}}}'",
		 sysctl, value);
	findings_mend(findings, when, command, NULL);
}

static void mend_container(struct findings *findings, enum container c,
			   const char *sysctl, long value)
{
	char command[128];

	switch (c) {
	case CONTAINER_PODMAN:
	case CONTAINER_DOCKER:
		mend_engine(findings, names[c], sysctl, value);
		return;
	case CONTAINER_KUBERNETES:
		mend_pod(findings, sysctl, value);
		break;
	case CONTAINER_LXC:
		snprintf(command, sizeof(command), "lxc.sysctl.%s = %ld", sysctl,
			 value);
		findings_mend(findings, "a line in the container's configuration",
			      command, NULL);
		break;
	case CONTAINER_NONE:
	case CONTAINER_NSPAWN:
	case CONTAINER_OTHER:
		break;
	}
	mend_outside(findings, sysctl, value);
}

void container_mend(struct findings *findings, enum container c, const char *sysctl,
		    long value)
{
	char file[PATH_MAX];
	bool writable;

	snprintf(file, sizeof(file), "/proc/sys/%s", sysctl);
	for (char *at = file + strlen("/proc/sys/"); *at; at++)
		if (*at == '.')
			*at = '/';
	writable = access(file, W_OK) == 0;
	if (c == CONTAINER_NONE && (writable || errno != EROFS)) {
		mend_host(findings, writable, sysctl, file, value);
		return;
	}
	if (writable)
		mend_here(findings, NULL, sysctl, file, value, "");
	mend_container(findings, c, sysctl, value);
}
