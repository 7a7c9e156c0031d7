/* SPDX-License-Identifier: MIT */
/*
 * The other side of the control socket: requests from the command line.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ask.h"
#include "text.h"

static int call(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = getenv("LAB_CONTROL");
	int fd;

	if (!path || strlen(path) >= sizeof(address.sun_path)) {
		fprintf(stderr, "lab: LAB_CONTROL names no running lab\n");
		return -1;
	}
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && !connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	fprintf(stderr, "lab: cannot reach the lab at %s: %s\n", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool request(int fd, const struct text *line)
{
	if (send(fd, line->bytes, line->used, MSG_NOSIGNAL) == (ssize_t)line->used)
		return true;
	fprintf(stderr, "lab: cannot ask the lab: %s\n", strerror(errno));
	return false;
}

/* Prints the reply without its last, empty line. */
static int print_reply(int fd)
{
	FILE *reply = fdopen(fd, "r");
	char line[1024];
	int status = 0;
	bool whole = false;

	while (reply && !whole && fgets(line, sizeof(line), reply)) {
		whole = !strcmp(line, "\n");
		if (!whole && !strncmp(line, "error ", 6)) {
			fprintf(stderr, "lab: %s", line + 6);
			status = 2;
		} else if (!whole) {
			fputs(line, stdout);
		}
	}
	if (reply)
		fclose(reply);
	if (whole)
		return status;
	fprintf(stderr, "lab: the lab hung up\n");
	return 2;
}

int ask_wire(char **words)
{
	char bytes[512];
	struct text line = { bytes, sizeof(bytes), 0 };
	int fd;

	for (; *words; words++)
		text_add(&line, "%s%c", *words, words[1] ? ' ' : '\n');
	if (memchr(bytes, '\n', line.used) != bytes + line.used - 1) {
		fprintf(stderr, "lab: the request is not one short line\n");
		return 2;
	}
	fd = call();
	return fd >= 0 && request(fd, &line) ? print_reply(fd) : 2;
}

/* The descriptor that came with the reply, -1 when there was none. */
static int receive_descriptor(int fd)
{
	char byte;
	struct iovec part = { &byte, 1 };
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} extra;
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = &extra, .msg_controllen = sizeof(extra),
	};
	struct cmsghdr *head;
	int received;

	if (recvmsg(fd, &message, MSG_CMSG_CLOEXEC) <= 0)
		return -1;
	head = CMSG_FIRSTHDR(&message);
	if (!head || head->cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&received, CMSG_DATA(head), sizeof(received));
	return received;
}

int ask_in(const char *namespace, char **command)
{
	char bytes[512];
	struct text line = { bytes, sizeof(bytes), 0 };
	int fd = call();
	int entered;

	text_add(&line, "namespace %.64s\n", namespace);
	if (fd < 0 || !request(fd, &line))
		return 2;
	entered = receive_descriptor(fd);
	if (entered < 0) {
		fprintf(stderr, "lab: the namespaces are client and server, "
			"there is no '%s'\n", namespace);
		return 2;
	}
	if (setns(entered, CLONE_NEWNET)) {
		fprintf(stderr, "lab: cannot enter the %s namespace: %s\n", namespace,
			strerror(errno));
		return 2;
	}
	execvp(command[0], command);
	fprintf(stderr, "lab: cannot run %s: %s\n", command[0], strerror(errno));
	return errno == ENOENT ? 127 : 126;
}
