/* SPDX-License-Identifier: MIT */
/* proof: does the kernel do Fast Open here? See proof.h. */
#include "cli/proof.h"

#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/container.h"
#include "cli/machine.h"
#include "cli/netstat.h"

#define PAUSE "net.ipv4.tcp_fastopen_blackhole_timeout_sec"

static void check_key(struct findings *findings, const struct netstat *now)
{
	static const char fleet[] = "servers behind one address need the same "
				    "(key-file)";

	switch (now->key) {
	case NETSTAT_KEY_UNSEEN:
		break;
	case NETSTAT_KEY_NONE:
		findings_tell(findings, LEVEL_OK, "cookie key",
			      "none yet: the first listener gets a random one; %s",
			      fleet);
		break;
	case NETSTAT_KEY_SET:
		findings_tell(findings, LEVEL_OK, "cookie key", "set; %s", fleet);
		break;
	}
}

static void check_pause(struct findings *findings, const struct netstat *now)
{
	if (now->blackhole_s > 0)
		findings_tell(findings, LEVEL_OK, "black holes",
			      "when data in SYNs seems to vanish the kernel stops all "
			      "clients' Fast Open for %ld s, longer each time; so far "
			      "%llu times",
			      now->blackhole_s,
			      (unsigned long long)now->n[NETSTAT_BLACKHOLE]);
	else
		findings_tell(findings, LEVEL_OK, "black holes",
			      now->blackhole_s ? "this kernel has no pause of its own"
					       : "the kernel's own pause is off");
}

/*
 * That a pause lasts can only be told by what does not work meanwhile. Whoever writes
 * the sysctl ends it.
 */
static void explain_failure(struct findings *findings, const struct netstat *now)
{
	bool paused = now->blackhole_s > 0 && now->n[NETSTAT_BLACKHOLE];
	const char *sign;

	findings_tell(findings, LEVEL_FAIL, "loopback",
		      "the data in the SYN of the second connection was not accepted: "
		      "%sa packet filter or a sandbox may remove it",
		      paused ? "the kernel's own pause is under way, or else " : "");
	if (paused)
		container_mend(findings, container_find(&sign), PAUSE,
			       now->blackhole_s);
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

void proof_check(struct findings *findings)
{
	const long both = MACHINE_CLIENT | MACHINE_SERVER;
	struct netstat now;
	int answer;

	netstat_read(&now);
	check_key(findings, &now);
	check_pause(findings, &now);
	answer = loopback_prove();
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
	} else if (now.fastopen < 0 || (now.fastopen & both) != both) {
		findings_tell(findings, LEVEL_WARN, "loopback",
			      "not proven: it takes the client bit and the server bit");
	} else {
		explain_failure(findings, &now);
	}
}
