/* SPDX-License-Identifier: MIT */
/*
 * A process passes connections to another by SCM_RIGHTS, and closes its own copies, as
 * it should. Who receives them forgets two of five.
 *
 * leaky child: 2 received CLOSE_WAIT by receive_one from work
 */
#include "leak.h"

union control {
	char room[CMSG_SPACE(sizeof(int))];
	struct cmsghdr head;
};

static int channel[2];

FRAME static void carry(struct msghdr *m, struct iovec *byte, union control *c)
{
	static char letter = 'x';

	*byte = (struct iovec){ &letter, 1 };
	*m = (struct msghdr){ .msg_iov = byte,
			      .msg_iovlen = 1,
			      .msg_control = c,
			      .msg_controllen = sizeof(c->room) };
}

FRAME static void pass(int fd)
{
	union control c = { .head = { .cmsg_len = CMSG_LEN(sizeof(fd)),
				      .cmsg_level = SOL_SOCKET,
				      .cmsg_type = SCM_RIGHTS } };
	struct iovec byte;
	struct msghdr m;

	memcpy(CMSG_DATA(&c.head), &fd, sizeof(fd));
	carry(&m, &byte, &c);
	if (sendmsg(channel[0], &m, 0) != 1)
		err(1, "sendmsg");
	close(fd);
}

FRAME static int receive_one(void)
{
	union control c;
	struct iovec byte;
	struct msghdr m;
	int fd;

	carry(&m, &byte, &c);
	if (recvmsg(channel[1], &m, MSG_CMSG_CLOEXEC) != 1) /* LEAK */
		err(1, "recvmsg");
	memcpy(&fd, CMSG_DATA(&c.head), sizeof(fd));
	return fd;
}

FRAME static void work(void)
{
	close(channel[0]);
	for (int i = 0; i < 5; i++) {
		int fd = receive_one();

		if (!leaky || i >= 2)
			close(fd);
	}
	close(channel[1]);
}

int main(int argc, char **argv)
{
	struct sockaddr_in at;
	int listener, clients[5];
	pid_t child;

	begin(argc, argv);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, channel))
		err(1, "socketpair");
	listener = listen_here(&at);
	for (int i = 0; i < 5; i++) {
		clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		connect_to(clients[i], &at);
		pass(accept(listener, NULL, NULL));
		close(clients[i]);
	}
	close(listener);
	child = apart(work);
	close(channel[0]);
	close(channel[1]);
	ready();
	reap(child);
	return 0;
}
