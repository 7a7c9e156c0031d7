/* SPDX-License-Identifier: MIT */
/* machine: what doctor asks of the kernel and its namespace; see machine.h. */
#include "cli/machine.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli/cli.h"
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
	container_mend(findings, c, SYSCTL, bits & ~both);
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
	container_mend(findings, c, SYSCTL, bits | MACHINE_CLIENT | MACHINE_SERVER);
	return false;
}

/* Gives the bits, or -1. */
static long check_bits(struct findings *findings, enum container c)
{
	long bits = machine_fastopen();

	if (bits < 0) {
		findings_tell(findings, LEVEL_FAIL, "sysctl",
			      SYSCTL
			      " cannot be read: no /proc, or no TCP Fast Open in it");
		findings_deny_both(findings, SYSCTL " cannot be read");
		return -1;
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
	return bits;
}

/* Only root may read it; all its words are 0 until the first listener needs one. */
static void check_key(struct findings *findings)
{
	char key[256] = "";
	FILE *from = fopen(FILES "_key", "re");
	size_t len = from ? fread(key, 1, sizeof(key) - 1, from) : 0;

	if (from)
		fclose(from);
	if (!len)
		return;
	if (key[strspn(key, "0-,\n")])
		findings_tell(
			findings, LEVEL_OK, "cookie key",
			"set; servers behind one address need the same (key-file)");
	else
		findings_tell(findings, LEVEL_OK, "cookie key",
			      "none yet: the first listener gets a random one; servers "
			      "behind one address need the same (key-file)");
}

/* --- the proof -------------------------------------------------------------------- */

static void check_pause(struct findings *findings)
{
	long pause = read_number(FILES "_blackhole_timeout_sec");

	if (pause > 0)
		findings_tell(findings, LEVEL_OK, "black holes",
			      "when data in SYNs seems to vanish the kernel stops all "
			      "clients' Fast Open for %ld s, longer each time",
			      pause);
	else
		findings_tell(findings, LEVEL_OK, "black holes",
			      pause ? "this kernel has no pause of its own"
				    : "the kernel's own pause is off");
}

/*
 * What the kernel's pause is can only be told by what does not work while it lasts;
 * writing the sysctl ends it.
 */
static void explain_failure(struct findings *findings, enum container c)
{
	static const char timeout[] = SYSCTL "_blackhole_timeout_sec";
	long pause = read_number(FILES "_blackhole_timeout_sec");

	findings_tell(findings, LEVEL_FAIL, "loopback",
		      "the data in the SYN of the second connection was not accepted: "
		      "%sa packet filter or a sandbox may remove it",
		      pause > 0 ? "the kernel's own pause may be under way, or " : "");
	if (pause > 0)
		container_mend(findings, c, timeout, pause);
	findings_deny_both(findings, "it failed over loopback");
}

/* A cookie of better times hides ENETUNREACH. */
static bool is_down(void)
{
	struct ifreq lo = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool down = fd >= 0 && !ioctl(fd, SIOCGIFFLAGS, &lo) &&
		    !(lo.ifr_flags & IFF_UP);

	if (fd >= 0)
		close(fd);
	return down;
}

static void check_loopback(struct findings *findings, long bits, enum container c)
{
	bool both = bits >= 0 && (bits & MACHINE_CLIENT) && (bits & MACHINE_SERVER);
	int answer = loopback_prove();

	if (answer < 0 && is_down()) {
		findings_tell(findings, LEVEL_WARN, "loopback",
			      "not proven: 127.0.0.1 cannot be reached, lo is down");
		findings_mend(findings, NULL, "ip link set lo up", NULL);
	} else if (answer < 0) {
		findings_tell(findings, LEVEL_WARN, "loopback",
			      "not proven: no connection over 127.0.0.1: %s",
			      strerror(-answer));
	} else if (answer) {
		findings_tell(findings, LEVEL_OK, "loopback",
			      "proven: the second connection carried data in its SYN");
	} else if (!both) {
		findings_tell(findings, LEVEL_WARN, "loopback",
			      "not proven: it takes the client bit and the server bit");
	} else {
		explain_failure(findings, c);
	}
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
	long bits;

	check_kernel(findings);
	c = check_container(findings);
	bits = check_bits(findings, c);
	check_key(findings);
	check_pause(findings);
	check_loopback(findings, bits, c);
	check_backlog(findings, c);
	check_descriptors(findings);
	check_file_size(findings);
	check_io_uring(findings);
}
