/* SPDX-License-Identifier: MIT */
/* machine: what doctor asks of the kernel and its namespace; see machine.h. */
#include "cli/machine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli/cli.h"

#define SYSCTL "net.ipv4.tcp_fastopen"

/* -1 when it cannot be read: no /proc, or a kernel without it. */
static long read_number(const char *path)
{
	FILE *from = fopen(path, "re");
	long number;

	if (!from)
		return -1;
	if (fscanf(from, "%ld", &number) != 1)
		number = -1;
	fclose(from);
	return number;
}

long machine_fastopen(void)
{
	return read_number("/proc/sys/net/ipv4/tcp_fastopen");
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

/* What betrays a container, or NULL. */
static const char *find_container(void)
{
	static const char *const words[] = { "docker", "kubepods", "libpod",
					     "containerd", "lxc" };
	const char *own = getenv("container");
	size_t i;

	if (!access("/run/.containerenv", F_OK))
		return "/run/.containerenv exists";
	if (!access("/.dockerenv", F_OK))
		return "/.dockerenv exists";
	if ((own && *own) || holds("/proc/1/environ", "container="))
		return "the variable 'container' is set";
	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (holds("/proc/1/cgroup", words[i]))
			return "the control group of process 1 says so";
	return NULL;
}

static void check_kernel(struct findings *findings)
{
	static const char need[] = "TCP_FASTOPEN_CONNECT needs 4.11";
	struct utsname name;
	int major, minor;

	if (uname(&name) < 0 || sscanf(name.release, "%d.%d", &major, &minor) != 2) {
		findings_tell(findings, LEVEL_WARN, "kernel", NULL,
			      "its version is not known; %s", need);
	} else if (major < 4 || (major == 4 && minor < 11)) {
		findings_tell(findings, LEVEL_FAIL, "kernel", "upgrade the kernel",
			      "%s; %s", name.release, need);
		findings_deny_client(findings, "the kernel is too old");
	} else {
		findings_tell(findings, LEVEL_OK, "kernel", NULL, "%s; %s",
			      name.release, need);
	}
}

static void check_cookies(struct findings *findings, long bits)
{
	const char *client =
		bits & MACHINE_CLIENT_NO_COOKIE
			? "clients send data in the SYN without a cookie (0x4)"
			: "";
	const char *server = bits & MACHINE_SERVER_NO_COOKIE
				     ? "servers take data in the SYN without a cookie "
				       "(0x200): a forged "
				       "sender address is not noticed"
				     : "";
	char remedy[64];

	if (!*client && !*server) {
		findings_tell(findings, LEVEL_OK, "cookies", NULL,
			      "asked for in both directions");
		return;
	}
	snprintf(remedy, sizeof(remedy), "sysctl -w " SYSCTL "=%ld",
		 bits & ~(long)(MACHINE_CLIENT_NO_COOKIE | MACHINE_SERVER_NO_COOKIE));
	findings_tell(findings, LEVEL_WARN, "cookies", remedy, "%s%s%s", client,
		      *client && *server ? "; " : "", server);
}

/* True when the bit is on. The remedy keeps all the other bits. */
static bool check_bit(struct findings *findings, const char *name, long bits, long bit,
		      const char *remedy, const char *without)
{
	if (bits & bit)
		findings_tell(findings, LEVEL_OK, name, NULL,
			      "on (%ld in " SYSCTL "=%ld)", bit, bits);
	else
		findings_tell(findings, LEVEL_WARN, name, remedy,
			      "off (%ld is not in " SYSCTL "=%ld): %s", bit, bits,
			      without);
	return (bits & bit) != 0;
}

/* Gives the bits, or -1. */
static long check_bits(struct findings *findings, const char *container)
{
	long bits = machine_fastopen();
	long good = bits | MACHINE_CLIENT | MACHINE_SERVER;
	char remedy[160], more[96] = "";

	if (bits < 0) {
		findings_tell(findings, LEVEL_FAIL, "sysctl", NULL,
			      SYSCTL
			      " cannot be read: no /proc, or no TCP Fast Open in it");
		findings_deny_both(findings, SYSCTL " cannot be read");
		return -1;
	}
	if (container)
		snprintf(more, sizeof(more),
			 "  # or start the container with --sysctl " SYSCTL "=%ld",
			 good);
	snprintf(remedy, sizeof(remedy), "sysctl -w " SYSCTL "=%ld%s", good, more);
	if (!check_bit(findings, "client bit", bits, MACHINE_CLIENT, remedy,
		       "no data leaves in a SYN"))
		findings_deny_client(findings, "the client bit is off");
	if (!check_bit(findings, "server bit", bits, MACHINE_SERVER, remedy,
		       "listeners take no data from a SYN"))
		findings_deny_server(findings, "the server bit is off");
	if (bits & MACHINE_EVERY_LISTENER)
		findings_tell(findings, LEVEL_OK, "listeners", NULL,
			      "all have Fast Open without asking (0x400)");
	check_cookies(findings, bits);
	return bits;
}

long machine_pause_s(void)
{
	return read_number("/proc/sys/net/ipv4/tcp_fastopen_blackhole_timeout_sec");
}

static void check_pause(struct findings *findings)
{
	long pause = machine_pause_s();

	if (pause > 0)
		findings_tell(findings, LEVEL_OK, "black holes", NULL,
			      "when data in SYNs seems to vanish the kernel stops "
			      "all clients' Fast Open for %ld s, longer each time",
			      pause);
	else
		findings_tell(findings, LEVEL_OK, "black holes", NULL,
			      pause ? "this kernel has no pause of its own"
				    : "the kernel's own pause is off");
}

static void check_backlog(struct findings *findings)
{
	long most = read_number("/proc/sys/net/core/somaxconn");

	if (most < 0)
		findings_tell(findings, LEVEL_WARN, "somaxconn", NULL,
			      "cannot be read");
	else if (most < 256)
		findings_tell(findings, LEVEL_WARN, "somaxconn",
			      "sysctl -w net.core.somaxconn=4096",
			      "%ld: no listener can have more Fast Open connections "
			      "waiting",
			      most);
	else
		findings_tell(findings, LEVEL_OK, "somaxconn", NULL, "%ld", most);
}

static void check_loopback(struct findings *findings, long bits)
{
	bool both = bits >= 0 && (bits & MACHINE_CLIENT) && (bits & MACHINE_SERVER);
	int answer = loopback_prove();

	if (answer == -ENETUNREACH)
		findings_tell(findings, LEVEL_WARN, "loopback", "ip link set lo up",
			      "not proven: 127.0.0.1 cannot be reached");
	else if (answer < 0)
		findings_tell(findings, LEVEL_WARN, "loopback", NULL,
			      "not proven: no connection over 127.0.0.1: %s",
			      strerror(-answer));
	else if (answer)
		findings_tell(findings, LEVEL_OK, "loopback", NULL,
			      "proven: the second connection carried data in its SYN");
	else if (!both)
		findings_tell(findings, LEVEL_WARN, "loopback", NULL,
			      "not proven: it takes the client bit and the server bit");
	else {
		findings_tell(findings, LEVEL_FAIL, "loopback", NULL,
			      "the data in the SYN of the second connection was not "
			      "accepted: a packet filter or a sandbox may remove it");
		findings_deny_both(findings, "it failed over loopback");
	}
}

static void check_limit(struct findings *findings)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	if (limit.rlim_cur < 1024)
		findings_tell(findings, LEVEL_WARN, "descriptors", "ulimit -n 1024",
			      "%llu at most", (unsigned long long)limit.rlim_cur);
	else
		findings_tell(findings, LEVEL_OK, "descriptors", NULL,
			      "%llu at most, %llu if raised",
			      (unsigned long long)limit.rlim_cur,
			      (unsigned long long)limit.rlim_max);
}

static void check_io_uring(struct findings *findings)
{
	long off = read_number("/proc/sys/kernel/io_uring_disabled");

	findings_tell(findings, LEVEL_OK, "io_uring", NULL, "%s",
		      off == 2	 ? "disabled"
		      : off == 1 ? "allowed to a few; it passes the hooks by"
				 : "allowed; a program that uses it for sockets passes "
				   "the hooks by");
}

void machine_check(struct findings *findings)
{
	const char *container = find_container();
	long bits;

	check_kernel(findings);
	findings_tell(findings, LEVEL_OK, "container", NULL, "%s%s",
		      container ? "yes: " : "none seen", container ? container : "");
	bits = check_bits(findings, container);
	check_pause(findings);
	check_backlog(findings);
	check_loopback(findings, bits);
	check_limit(findings);
	check_io_uring(findings);
}
