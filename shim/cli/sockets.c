/* SPDX-License-Identifier: MIT */
/* sockets: a table of sockets by their inode; see sockets.h. */
#include "cli/sockets.h"

#include <stdlib.h>
#include <sys/socket.h>

const char *sockets_state_name(enum sockets_state state)
{
	static const char *const names[] = {
		[SOCKETS_UNKNOWN] = "UNKNOWN",
		[SOCKETS_ESTABLISHED] = "ESTABLISHED",
		[SOCKETS_SYN_SENT] = "SYN_SENT",
		[SOCKETS_SYN_RECV] = "SYN_RECV",
		[SOCKETS_FIN_WAIT1] = "FIN_WAIT1",
		[SOCKETS_FIN_WAIT2] = "FIN_WAIT2",
		[SOCKETS_TIME_WAIT] = "TIME_WAIT",
		[SOCKETS_CLOSE] = "CLOSE",
		[SOCKETS_CLOSE_WAIT] = "CLOSE_WAIT",
		[SOCKETS_LAST_ACK] = "LAST_ACK",
		[SOCKETS_LISTEN] = "LISTEN",
		[SOCKETS_CLOSING] = "CLOSING",
		[SOCKETS_CONNECTED] = "CONNECTED",
		[SOCKETS_UNCONNECTED] = "UNCONNECTED",
		[SOCKETS_PEER_CLOSED] = "PEER_CLOSED",
	};

	return names[state < SOCKETS_STATES ? state : SOCKETS_UNKNOWN];
}

enum sockets_state sockets_state_of(int family, bool is_tcp, unsigned int state)
{
	if (family != AF_UNIX && is_tcp)
		return state <= SOCKETS_CLOSING ? (enum sockets_state)state
						: SOCKETS_UNKNOWN;
	/* they borrow TCP's numbers */
	if (state == SOCKETS_SYN_SENT || state == SOCKETS_LISTEN)
		return (enum sockets_state)state;
	return state == SOCKETS_ESTABLISHED ? SOCKETS_CONNECTED : SOCKETS_UNCONNECTED;
}

struct sockets_one *sockets_add(struct sockets *s, uint64_t inode, int family)
{
	struct sockets_one *one;

	if (s->n == s->room) {
		size_t room = 2 * s->room + 256;

		one = reallocarray(s->one, room, sizeof(*one));
		if (!one)
			return NULL;
		s->one = one;
		s->room = room;
	}
	one = &s->one[s->n++];
	*one = (struct sockets_one){ .inode = inode, .family = (uint8_t)family };
	s->slots = 0;
	return one;
}

static size_t slot(const struct sockets *s, uint64_t inode)
{
	return (size_t)(inode * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (s->slots - 1);
}

static bool sort(struct sockets *s)
{
	size_t slots = 256;

	while (slots < 2 * s->n)
		slots *= 2;
	free(s->index);
	s->index = calloc(slots, sizeof(*s->index));
	if (!s->index)
		return false;
	s->slots = slots;
	for (size_t i = 0; i < s->n; i++) {
		size_t at = slot(s, s->one[i].inode);

		while (s->index[at])
			at = (at + 1) & (slots - 1);
		s->index[at] = (uint32_t)i + 1;
	}
	return true;
}

const struct sockets_one *sockets_find(struct sockets *s, uint64_t inode)
{
	if (!s->slots && !sort(s))
		return NULL;
	for (size_t at = slot(s, inode); s->index[at]; at = (at + 1) & (s->slots - 1))
		if (s->one[s->index[at] - 1].inode == inode)
			return &s->one[s->index[at] - 1];
	return NULL;
}

void sockets_drop(struct sockets *s)
{
	free(s->one);
	free(s->index);
	*s = (struct sockets){ 0 };
}
