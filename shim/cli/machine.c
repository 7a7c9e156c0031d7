/* SPDX-License-Identifier: MIT */
/* machine: what doctor asks of the kernel and its namespace; see machine.h. */
#include "cli/machine.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include "cli/container.h"
#include "core/memory.h"

#define SYSCTL "net.ipv4.tcp_fastopen"
#define FILES "/proc/sys/net/ipv4/tcp_fastopen"

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
	return read_number(FILES);
}

long machine_mended(long set, long clear)
{
	static long bits = -1;

	if (bits < 0)
		bits = machine_fastopen();
	bits = (bits | set) & ~clear;
	return bits;
}

static void check_kernel(struct findings *findings)
{
	static const char need[] = "TCP_FASTOPEN_CONNECT needs 4.11";
	struct utsname name;
	int major, minor;

	if (uname(&name) < 0 || sscanf(name.release, "%d.%d", &major, &minor) != 2) {
		findings_tell(findings, LEVEL_WARN, "kernel",
			      "its version is not known; %s", need);
	} else if (major < 4 || (major == 4 && minor < 11)) {
		findings_tell(findings, LEVEL_FAIL, "kernel", "%s; %s", name.release,
			      need);
		findings_deny_client(findings, "the kernel is too old");
	} else {
		findings_tell(findings, LEVEL_OK, "kernel", "%s; %s", name.release,
			      need);
	}
}

static enum container check_container(struct findings *findings)
{
	const char *sign;
	enum container c = container_find(&sign);

	if (c == CONTAINER_NONE)
		findings_tell(findings, LEVEL_OK, "container", "none seen");
	else
		findings_tell(findings, LEVEL_OK, "container", "%s: %s",
			      container_name(c), sign);
	findings_put(findings, "container",
		     c == CONTAINER_NONE ? NULL
					 : json_object_new_string(container_name(c)));
	return c;
}

/* --- net.ipv4.tcp_fastopen -------------------------------------------------------- */

static void check_cookies(struct findings *findings, long bits, enum container c)
{
	const long both = MACHINE_CLIENT_NO_COOKIE | MACHINE_SERVER_NO_COOKIE;
	const char *client =
		bits & MACHINE_CLIENT_NO_COOKIE
			? "clients send data in the SYN without a cookie (0x4)"
			: "";
	const char *server =
		bits & MACHINE_SERVER_NO_COOKIE
			? "servers take data in the SYN without a cookie (0x200): "
			  "a forged sender address is not noticed"
			: "";

	if (!(bits & both)) {
		findings_tell(findings, LEVEL_OK, "cookies",
			      "asked for in both directions");
		return;
	}
	findings_tell(findings, LEVEL_WARN, "cookies", "%s%s%s", client,
		      *client && *server ? "; " : "", server);
	container_mend(findings, c, SYSCTL, machine_mended(0, both));
}

/* True when the bit is on. The remedy keeps all the other bits. */
static bool check_bit(struct findings *findings, const char *name, long bits, long bit,
		      enum container c, const char *without)
{
	if (bits & bit) {
		findings_tell(findings, LEVEL_OK, name, "on (%ld in " SYSCTL "=%ld)",
			      bit, bits);
		return true;
	}
	findings_tell(findings, LEVEL_WARN, name,
		      "off (%ld is not in " SYSCTL "=%ld): %s", bit, bits, without);
	container_mend(findings, c, SYSCTL,
		       machine_mended(MACHINE_CLIENT | MACHINE_SERVER, 0));
	return false;
}

static void check_bits(struct findings *findings, enum container c)
{
	long bits = machine_fastopen();

	if (bits < 0) {
		findings_tell(findings, LEVEL_FAIL, "sysctl",
			      SYSCTL
			      " cannot be read: no /proc, or no TCP Fast Open in it");
		findings_deny_both(findings, SYSCTL " cannot be read");
		return;
	}
	if (!check_bit(findings, "client bit", bits, MACHINE_CLIENT, c,
		       "no data leaves in a SYN"))
		findings_deny_client(findings, "the client bit is off");
	if (!check_bit(findings, "server bit", bits, MACHINE_SERVER, c,
		       "listeners take no data from a SYN"))
		findings_deny_server(findings, "the server bit is off");
	if (bits & MACHINE_EVERY_LISTENER)
		findings_tell(findings, LEVEL_OK, "listeners",
			      "all have Fast Open without asking (0x400)");
	check_cookies(findings, bits, c);
}

/* --- limits ----------------------------------------------------------------------- */

static void check_backlog(struct findings *findings, enum container c)
{
	long most = read_number("/proc/sys/net/core/somaxconn");

	if (most < 0) {
		findings_tell(findings, LEVEL_WARN, "somaxconn", "cannot be read");
	} else if (most < 256) {
		findings_tell(findings, LEVEL_WARN, "somaxconn",
			      "%ld: no listener can have more Fast Open connections "
			      "waiting",
			      most);
		container_mend(findings, c, "net.core.somaxconn", 4096);
	} else {
		findings_tell(findings, LEVEL_OK, "somaxconn", "%ld", most);
	}
}

static void check_descriptors(struct findings *findings)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	if (limit.rlim_cur >= 1024) {
		findings_tell(findings, LEVEL_OK, "descriptors",
			      "%llu at most, %llu if raised",
			      (unsigned long long)limit.rlim_cur,
			      (unsigned long long)limit.rlim_max);
		return;
	}
	findings_tell(findings, LEVEL_WARN, "descriptors", "%llu at most",
		      (unsigned long long)limit.rlim_cur);
	findings_mend(findings, limit.rlim_max < 1024 ? "as root" : NULL,
		      "ulimit -n 1024", NULL);
}

/* core/share makes no file that its process may not write: it would get SIGXFSZ. */
static void check_file_size(struct findings *findings)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_FSIZE, &limit) < 0 ||
	    limit.rlim_cur >= sizeof(struct memory))
		return;
	findings_tell(findings, LEVEL_WARN, "file size",
		      "%llu bytes at most: a program cannot make the memory of "
		      "destinations, which has %zu",
		      (unsigned long long)limit.rlim_cur, sizeof(struct memory));
	findings_mend(findings, NULL, "ulimit -f unlimited", NULL);
}

static void check_io_uring(struct findings *findings)
{
	long off = read_number("/proc/sys/kernel/io_uring_disabled");

	findings_tell(findings, LEVEL_OK, "io_uring", "%s",
		      off == 2	 ? "disabled"
		      : off == 1 ? "allowed to a few; it passes the hooks by"
				 : "allowed; a program that uses it for sockets passes "
				   "the hooks by");
}

void machine_check(struct findings *findings)
{
	enum container c;

	check_kernel(findings);
	c = check_container(findings);
	check_bits(findings, c);
	check_backlog(findings, c);
	check_descriptors(findings);
	check_file_size(findings);
	check_io_uring(findings);
}
