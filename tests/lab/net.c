/* SPDX-License-Identifier: MIT */
/*
 * A network namespace at one end of the wire: TUN device, addresses, sysctls. Knows
 * nothing of what passes.
 */
#define _GNU_SOURCE 1
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net.h"

#define DEVICE "wire"
#define MTU 1500
#define LOOPBACK_MTU 65536
#define QUEUE_LENGTH 16384	/* packets the relay may be late by */

static const char *const client_addresses[] = { "192.0.2.1", "2001:db8::1", NULL };
/* Of one scope, the IPv4 address added first and the IPv6 address added last lead. */
static const char *const server_addresses[] = { "192.0.2.2", "192.0.2.3",
						"2001:db8::3", "2001:db8::2", NULL };

static bool complain(const char *what)
{
	fprintf(stderr, "lab: cannot %s: %s\n", what, strerror(errno));
	return false;
}

/* /proc/sys/net shows the namespace of the process that looks. */
static bool set_sysctl(const char *path, int value)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%d\n", value);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, (size_t)length) == length;

	if (fd >= 0)
		close(fd);
	return good;
}

static int open_tun(void)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0) {
		complain("open /dev/net/tun");
		return -1;
	}
	strcpy(request.ifr_name, DEVICE);
	if (ioctl(fd, TUNSETIFF, &request)) {
		complain("make a TUN device");
		close(fd);
		return -1;
	}
	return fd;
}

/* To the kernel's routing part: one thing to make or to set. */
struct route_request {
	struct nlmsghdr head;
	union {
		struct ifinfomsg link;
		struct ifaddrmsg address;
	};
	char attributes[96];
};

static void add_attribute(struct route_request *request, unsigned short type,
			  const void *value, size_t length)
{
	size_t at = NLMSG_ALIGN(request->head.nlmsg_len);
	struct rtattr *attribute = (struct rtattr *)((char *)request + at);

	attribute->rta_type = type;
	attribute->rta_len = (unsigned short)RTA_LENGTH(length);
	memcpy(RTA_DATA(attribute), value, length);
	request->head.nlmsg_len = (uint32_t)(at + RTA_LENGTH(length));
}

static bool ask(int fd, const struct route_request *request)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
		char rest[256];
	} answer;

	if (send(fd, request, request->head.nlmsg_len, 0) < 0 ||
	    recv(fd, &answer, sizeof(answer), 0) < (ssize_t)NLMSG_LENGTH(sizeof(int)))
		return false;
	errno = -answer.error.error;
	return answer.head.nlmsg_type == NLMSG_ERROR && !answer.error.error;
}

/* By netlink, since SIOCSIFTXQLEN wants privilege outside of the namespace. */
static bool set_up(int fd, const char *device, uint32_t mtu, uint32_t queue_length)
{
	struct route_request request = {
		.head = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
			  .nlmsg_type = RTM_NEWLINK,
			  .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.link = { .ifi_flags = IFF_UP, .ifi_change = IFF_UP },
	};

	add_attribute(&request, IFLA_IFNAME, device, strlen(device) + 1);
	add_attribute(&request, IFLA_MTU, &mtu, sizeof(mtu));
	add_attribute(&request, IFLA_TXQLEN, &queue_length, sizeof(queue_length));
	return ask(fd, &request) || complain("set a device up");
}

static bool add_address(int fd, const char *text)
{
	bool six = strchr(text, ':') != NULL;
	struct route_request request = {
		.head = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)),
			  .nlmsg_type = RTM_NEWADDR,
			  .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE },
		.address = { .ifa_family = six ? AF_INET6 : AF_INET,
			     .ifa_prefixlen = six ? 64 : 24,
			     .ifa_flags = IFA_F_NODAD,
			     .ifa_index = if_nametoindex(DEVICE) },
	};
	unsigned char address[16];

	inet_pton(request.address.ifa_family, text, address);
	add_attribute(&request, IFA_LOCAL, address, six ? 16 : 4);
	add_attribute(&request, IFA_ADDRESS, address, six ? 16 : 4);
	return ask(fd, &request) || complain("add an address");
}

static bool set_up_all(const char *const *addresses)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	bool good = fd >= 0 || complain("open a netlink socket");

	/* No link-local address: else there would be packets nobody asked for. */
	set_sysctl("/proc/sys/net/ipv6/conf/" DEVICE "/addr_gen_mode", 1);
	good = good && set_up(fd, "lo", LOOPBACK_MTU, 1000) &&
	       set_up(fd, DEVICE, MTU, QUEUE_LENGTH);
	for (; good && *addresses; addresses++)
		good = add_address(fd, *addresses);
	if (fd >= 0)
		close(fd);
	return good;
}

static bool create(const char *const *addresses, int fastopen, struct net *ret_net)
{
	struct net net;

	if (unshare(CLONE_NEWNET))
		return complain("make a network namespace (without root, try "
				"'unshare -Urn lab ...')");
	net.namespace = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (net.namespace < 0)
		return complain("open /proc/self/ns/net");
	net.tun = open_tun();
	if (net.tun < 0 || !set_up_all(addresses))
		return false;
	if (!set_sysctl("/proc/sys/net/ipv4/tcp_fastopen", fastopen))
		return complain("set the sysctl net.ipv4.tcp_fastopen");
	*ret_net = net;
	return true;
}

bool net_create_client(int fastopen, struct net *ret_net)
{
	return create(client_addresses, fastopen, ret_net);
}

bool net_create_server(int fastopen, struct net *ret_net)
{
	return create(server_addresses, fastopen, ret_net);
}
