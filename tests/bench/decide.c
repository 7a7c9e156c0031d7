/* SPDX-License-Identifier: MIT */
/*
 * decide NAME=OFFSET...: what the preloaded object does for the memory of destinations
 * at one connection: it asks, passes the gate, may go plainly to be compared with, and
 * is recorded.  Calls these functions of the object itself, of which it is told where
 * in the file they are, and prints the nanoseconds of all four together, of the
 * quickest of many rounds: other work on the machine only ever adds.  Then those of the
 * one question to the kernel that is among them.
 */
#include <arpa/inet.h>
#include <err.h>
#include <link.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "preload/learn.h"

#define ROUNDS 300
#define CALLS 500
#define DESTINATIONS 256

static uintptr_t base;
static __typeof__(&learn_ask) ask;
static __typeof__(&learn_gate) gate;
static __typeof__(&learn_is_baseline) is_baseline;
static __typeof__(&learn_first_byte) first_byte;

static int find_base(struct dl_phdr_info *info, size_t size, void *unused)
{
	(void)size;
	(void)unused;
	if (strstr(info->dlpi_name, "libtfoshim"))
		base = info->dlpi_addr;
	return 0;
}

static uintptr_t function(int argc, char **argv, const char *name)
{
	size_t n = strlen(name);

	for (int i = 1; i < argc; i++)
		if (!strncmp(argv[i], name, n) && argv[i][n] == '=')
			return base + strtoul(argv[i] + n + 1, NULL, 16);
	errx(1, "where is %s?", name);
}

/* A connection, for the kernel to tell of. */
static int connection(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int fd = socket(AF_INET, SOCK_STREAM, 0), other;

	if (bind(listener, (struct sockaddr *)&at, len) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&at, &len) ||
	    connect(fd, (struct sockaddr *)&at, len))
		err(1, "connect");
	other = accept(listener, NULL, NULL);
	if (send(other, "x", 1, 0) != 1)
		err(1, "send");
	return fd;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void one(int fd, uint32_t n)
{
	static const struct memory_rule rule = { 600, { 2, 60000 }, 1200 };
	struct slot s = {
		.to = { .ip = { 192, 0, 2, (uint8_t)n }, .port = 443, .version = 4 },
		.since_us = (uint32_t)(now_ns() / 1000) - 20000,
	};
	struct memory_view seen;

	s.flags = SLOT_COOKIE_SYN | SLOT_SYN_DATA | SLOT_WROTE | SLOT_PROMPT;
	ask(&s.to, &rule, &seen);
	gate(&s.to, &seen);
	is_baseline(&s.to, 64);
	first_byte(fd, &s);
}

static void question(int fd, uint32_t n)
{
	struct tcp_info i;
	socklen_t len = sizeof(i);

	(void)n;
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &i, &len))
		err(1, "TCP_INFO");
}

static uint64_t quickest(void (*call)(int, uint32_t), int fd)
{
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < ROUNDS; i++) {
		uint64_t from = now_ns(), took;

		for (uint32_t n = 0; n < CALLS; n++)
			call(fd, n % DESTINATIONS);
		took = now_ns() - from;
		best = took < best ? took : best;
	}
	return best / CALLS;
}

int main(int argc, char **argv)
{
	int fd = connection();

	dl_iterate_phdr(find_base, NULL);
	if (!base)
		errx(1, "the object is not preloaded");
	ask = (__typeof__(ask))function(argc, argv, "learn_ask");
	gate = (__typeof__(gate))function(argc, argv, "learn_gate");
	is_baseline = (__typeof__(is_baseline))function(argc, argv,
							"learn_is_baseline");
	first_byte = (__typeof__(first_byte))function(argc, argv, "learn_first_byte");
	printf("%llu\n", (unsigned long long)quickest(one, fd));
	printf("%llu\n", (unsigned long long)quickest(question, fd));
	return 0;
}
