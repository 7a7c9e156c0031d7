/* SPDX-License-Identifier: MIT */
/*
 * The control socket: one request per line, answered by lines up to an empty one. The
 * verbs are in one table. Leaves all it is asked for to those who know.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control.h"
#include "counters.h"
#include "faults.h"
#include "syns.h"
#include "text.h"
#include "wire.h"

#define LINE_MAX_BYTES 256
#define WORDS_MAX 8
#define REPLY_MAX 196608	/* 256 SYNs of 512 bytes, and room */

static int listener = -1;
static int namespaces[2];

static struct client {
	int fd;			/* 0: none */
	size_t used;
	char line[LINE_MAX_BYTES];
} clients[CONTROL_CLIENTS];

/* What a request is answered by: text, and for some a descriptor. */
struct answer {
	struct text text;
	int fd;			/* -1: none */
};

static void do_delay(char **words, int count, struct answer *answer)
{
	double delay;

	(void)count;
	if (text_number(words[1], 60000, &delay))
		wire_set_delay(delay);
	else
		text_fail(&answer->text, "the delay is a number of milliseconds up to "
			  "60000, not '%s'", words[1]);
}

static void do_fault(char **words, int count, struct answer *answer)
{
	faults_set(words + 1, count - 1, &answer->text);
}

static void do_faults(char **words, int count, struct answer *answer)
{
	(void)words, (void)count;
	faults_print(&answer->text);
}

static void do_clear(char **words, int count, struct answer *answer)
{
	(void)words, (void)count, (void)answer;
	faults_clear();
}

static void do_counters(char **words, int count, struct answer *answer)
{
	(void)words, (void)count;
	counters_print(&answer->text);
	text_add(&answer->text, "last_syn_payload=");
	syns_print_last_payload(&answer->text);
	text_add(&answer->text, "\n");
}

static void do_syns(char **words, int count, struct answer *answer)
{
	(void)words, (void)count;
	syns_print(&answer->text);
}

static void do_reset(char **words, int count, struct answer *answer)
{
	(void)words, (void)count, (void)answer;
	counters_reset();
	syns_reset();
}

static void do_namespace(char **words, int count, struct answer *answer)
{
	bool server = !strcmp(words[1], "server");

	(void)count;
	if (server || !strcmp(words[1], "client"))
		answer->fd = namespaces[server];
	else
		text_fail(&answer->text, "the namespaces are client and server, "
			  "there is no '%s'", words[1]);
}

static const struct verb {
	const char *name;
	int least;		/* words after it */
	int most;
	const char *usage;
	void (*run)(char **words, int count, struct answer *answer);
} verbs[] = {
	{ "delay", 1, 1, "delay MS", do_delay },
	{ "fault", 2, 4, "fault NAME on|off|NUMBER [port=N] [dir=c2s|s2c]", do_fault },
	{ "faults", 0, 0, "faults", do_faults },
	{ "clear", 0, 0, "clear", do_clear },
	{ "counters", 0, 0, "counters", do_counters },
	{ "syns", 0, 0, "syns", do_syns },
	{ "reset", 0, 0, "reset", do_reset },
	{ "namespace", 1, 1, "namespace client|server", do_namespace },
};

static void answer_line(char *line, struct answer *answer)
{
	char *words[WORDS_MAX + 1] = { NULL };
	char *rest = line;
	int count = 0;

	while (count <= WORDS_MAX && (words[count] = strtok_r(rest, " \t\r", &rest)))
		count++;
	if (!count) {
		text_fail(&answer->text, "the request is empty");
		return;
	}
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		const struct verb *verb = &verbs[i];

		if (strcmp(verb->name, words[0]) != 0)
			continue;
		if (count - 1 < verb->least || count - 1 > verb->most)
			text_fail(&answer->text, "%s is asked for by: %s", verb->name,
				  verb->usage);
		else
			verb->run(words, count, answer);
		return;
	}
	text_fail(&answer->text, "there is no request '%s'", words[0]);
}

static bool send_answer(int fd, const struct answer *answer)
{
	struct iovec part = { answer->text.bytes, answer->text.used };
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} extra = { .bytes = { 0 } };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (answer->fd >= 0) {
		extra.head.cmsg_len = CMSG_LEN(sizeof(int));
		extra.head.cmsg_level = SOL_SOCKET;
		extra.head.cmsg_type = SCM_RIGHTS;
		memcpy(CMSG_DATA(&extra.head), &answer->fd, sizeof(int));
		message.msg_control = &extra;
		message.msg_controllen = sizeof(extra);
	}
	return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) ==
	       (ssize_t)part.iov_len;
}

/* Answers each whole line; false when the client is to be dismissed. */
static bool answer_all(struct client *client)
{
	static char reply[REPLY_MAX];
	char *end;

	while ((end = memchr(client->line, '\n', client->used))) {
		struct answer answer = { { reply, sizeof(reply) - 1, 0 }, -1 };
		size_t length = (size_t)(end + 1 - client->line);

		*end = '\0';
		answer_line(client->line, &answer);
		answer.text.size++;	/* the room kept for the empty line */
		text_add(&answer.text, "\n");
		if (!send_answer(client->fd, &answer))
			return false;
		client->used -= length;
		memmove(client->line, end + 1, client->used);
	}
	return client->used < sizeof(client->line);
}

static void serve(struct client *client)
{
	ssize_t got = recv(client->fd, client->line + client->used,
			   sizeof(client->line) - client->used, MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	client->used += got > 0 ? (size_t)got : 0;
	if (got > 0 && answer_all(client))
		return;
	close(client->fd);
	client->fd = client->used = 0;
}

static void welcome(void)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	int size = 2 * REPLY_MAX;

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		if (clients[i].fd)
			continue;
		clients[i].fd = fd;
		clients[i].used = 0;
		return;
	}
	close(fd);
}

bool control_open(const char *path, int client_namespace, int server_namespace)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	namespaces[0] = client_namespace;
	namespaces[1] = server_namespace;
	if (strlen(path) >= sizeof(address.sun_path)) {
		fprintf(stderr, "lab: TMPDIR is too long for a socket: %s\n", path);
		return false;
	}
	strcpy(address.sun_path, path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener < 0 ||
	    bind(listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(listener, CONTROL_CLIENTS)) {
		fprintf(stderr, "lab: cannot listen at %s: %s\n", path,
			strerror(errno));
		return false;
	}
	return true;
}

void control_watch(struct pollfd *polled)
{
	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		int fd = clients[i].fd ? clients[i].fd : -1;

		polled[i] = (struct pollfd){ fd, POLLIN, 0 };
	}
	polled[CONTROL_CLIENTS] = (struct pollfd){ listener, POLLIN, 0 };
}

bool control_has_work(const struct pollfd *polled)
{
	for (int i = 0; i < CONTROL_POLLED; i++)
		if (polled[i].revents)
			return true;
	return false;
}

void control_serve(const struct pollfd *polled)
{
	for (int i = 0; i < CONTROL_CLIENTS; i++)
		if (polled[i].revents && clients[i].fd == polled[i].fd)
			serve(&clients[i]);
	if (polled[CONTROL_CLIENTS].revents)
		welcome();
}
