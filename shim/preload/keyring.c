/* SPDX-License-Identifier: MIT */
/* keyring: keys of listeners; see keyring.h. */
#include "preload/keyring.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "core/clock.h"
#include "core/files.h"
#include "core/keyfile.h"
#include "core/log.h"
#include "core/sys.h"
#include "preload/kernel.h"
#include "preload/slot.h"

#define LISTENERS 64
#define LOOK_AGAIN_US 400000

static struct keyed {
	atomic_flag busy;
	uint64_t cookie; /* SO_COOKIE of the listener; 0: free */
	int fd;		 /* where it was */
	bool looked;
	uint64_t stamp, look_us;
	struct keyfile keys; /* as set */
	char path[256];
} listeners[LISTENERS];

static void complain(const char *path, const char *sentence)
{
	struct log_entry e;
	TEXT(message, 384);

	if (!log_start(&e, LOG_ERROR, "key-file"))
		return;
	text_str(&message, path);
	text_str(&message, ": ");
	text_str(&message, sentence);
	log_text(&e, "message", message.at);
	log_text(&e, "consequence", "keeping the keys before it");
	log_end(&e);
}

static bool same_key(const uint8_t *a, const uint8_t *b)
{
	return !__builtin_memcmp(a, b, KEYFILE_KEY);
}

/* The key before stays good, unless the file says which is the backup. */
static void keep_backup(struct keyfile *now, const struct keyfile *was)
{
	if (now->n != 1 || !was->n)
		return;
	if (!same_key(now->key[0], was->key[0]))
		__builtin_memcpy(now->key[1], was->key[0], KEYFILE_KEY);
	else if (was->n == 2)
		__builtin_memcpy(now->key[1], was->key[1], KEYFILE_KEY);
	else
		return;
	now->n = 2;
}

/* Another process with the same listener may have been at it. */
static void ask_keys(int fd, struct keyfile *k)
{
	socklen_t len = sizeof(k->key);

	if (k->n && !sys_getsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_KEY, k->key, &len))
		k->n = (unsigned int)len / KEYFILE_KEY;
}

static void take_up(int fd, struct keyed *l)
{
	bool young;
	uint64_t stamp = files_stamp(l->path, &young);
	struct keyfile now;
	const char *wrong;

	l->look_us = clock_now_us() + LOOK_AGAIN_US;
	if (l->looked && stamp == l->stamp)
		return;
	l->looked = true;
	l->stamp = stamp;
	wrong = keyfile_read(l->path, &now);
	if (wrong) {
		complain(l->path, wrong);
		return;
	}
	ask_keys(fd, &l->keys);
	keep_backup(&now, &l->keys);
	if (!sys_setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_KEY, now.key,
			    (socklen_t)(now.n * KEYFILE_KEY)))
		l->keys = now;
}

static struct keyed *find(uint64_t cookie)
{
	for (int i = 0; i < LISTENERS; i++)
		if (listeners[i].cookie == cookie)
			return &listeners[i];
	return NULL;
}

/* Its own place, a free one, or that of a listener that is closed. */
static struct keyed *place_of(uint64_t cookie)
{
	struct keyed *l = find(cookie);

	l = l ? l : find(0);
	for (int i = 0; !l && i < LISTENERS; i++)
		if (kernel_cookie(listeners[i].fd) != listeners[i].cookie)
			l = &listeners[i];
	return l;
}

void keyring_use(int fd, uint64_t cookie, const char *path)
{
	struct keyed *l = place_of(cookie);
	struct text t;
	uint64_t mask;

	if (!l || !cookie)
		return; /* 64 listeners with keys are many: the kernel's own, then */
	sys_hold_signals(&mask);
	if (atomic_flag_test_and_set(&l->busy)) {
		sys_let_signals(&mask);
		return;
	}
	if (l->cookie != cookie)
		l->looked = false, l->keys.n = 0;
	t = (struct text){ l->path, 0, sizeof(l->path) };
	l->cookie = cookie;
	l->fd = fd;
	text_str(&t, path);
	slot_mark(fd, MARK_KEYED);
	take_up(fd, l);
	atomic_flag_clear(&l->busy);
	sys_let_signals(&mask);
}

void keyring_look(int fd)
{
	struct keyed *l;
	uint64_t mask;

	if (!slot_marked(fd, MARK_KEYED))
		return;
	l = find(kernel_cookie(fd));
	if (!l || clock_now_us() < l->look_us)
		return;
	sys_hold_signals(&mask);
	if (!atomic_flag_test_and_set(&l->busy)) {
		take_up(fd, l);
		atomic_flag_clear(&l->busy);
	}
	sys_let_signals(&mask);
}
