/* SPDX-License-Identifier: MIT */
/* maps: what lies where in this process; see maps.h. */
#include "core/maps.h"

#include <elf.h>
#include <fcntl.h>

#include "core/sys.h"

struct reader {
	const char *at, *end;
};

static bool number(struct reader *r, unsigned int base, uint64_t *ret)
{
	uint64_t n = 0;
	int digits = 0;

	for (; r->at < r->end && digits < 20; r->at++, digits++) {
		char c = *r->at;
		unsigned int d = c >= '0' && c <= '9'	? (unsigned int)(c - '0')
				 : c >= 'a' && c <= 'f' ? (unsigned int)(c - 'a' + 10)
							: 16;
		if (d >= base)
			break;
		n = n * base + d;
	}
	*ret = n;
	return digits > 0;
}

static bool mark(struct reader *r, char c)
{
	if (r->at == r->end || *r->at != c)
		return false;
	r->at++;
	return true;
}

/* "55d0c000-55d0d000 r-xp 00001000 fe:01 1234   /usr/bin/x" */
bool maps_parse(char *line, size_t n, struct maps_line *ret)
{
	struct reader r = { line, line + n };
	uint64_t start, end, device;
	const char *rights;

	line[n] = 0;
	if (!number(&r, 16, &start) || !mark(&r, '-') || !number(&r, 16, &end) ||
	    !mark(&r, ' ') || r.end - r.at < 5)
		return false;
	rights = r.at;
	r.at += 4;
	if (!mark(&r, ' ') || !number(&r, 16, &ret->offset) || !mark(&r, ' ') ||
	    !number(&r, 16, &device) || !mark(&r, ':') || !number(&r, 16, &device) ||
	    !mark(&r, ' ') || !number(&r, 10, &ret->inode))
		return false;
	while (mark(&r, ' '))
		;
	ret->start = (uintptr_t)start;
	ret->end = (uintptr_t)end;
	ret->readable = rights[0] == 'r';
	ret->executable = rights[2] == 'x';
	ret->path = r.at;
	return start < end;
}

#define LINE_MOST 1024 /* may run on a signal handler's small stack */

static size_t line_end(const char *at, size_t n)
{
	size_t i = 0;

	while (i < n && at[i] != '\n')
		i++;
	return i;
}

struct lines {
	bool (*f)(const struct maps_line *m, void *with);
	void *with;
	size_t have;
	bool in_long; /* what comes is the rest of a line that found no room */
	char room[LINE_MOST + 1];
};

/* A name cut off is another name: better none. */
static bool tell(struct lines *l, char *line, size_t n, bool cut)
{
	struct maps_line m;
	bool was_in_long = l->in_long;

	l->in_long = cut;
	if (was_in_long || !maps_parse(line, n, &m))
		return true;
	if (cut)
		m.path = "";
	return l->f(&m, l->with);
}

/* false: that was enough. */
static bool tell_all(struct lines *l)
{
	size_t at = 0, n;
	bool more = true;

	while (more && (n = line_end(l->room + at, l->have - at)) < l->have - at) {
		more = tell(l, l->room + at, n, false);
		at += n + 1;
	}
	if (more && !at && l->have == LINE_MOST) {
		more = tell(l, l->room, l->have, true);
		at = l->have;
	}
	l->have -= at;
	for (size_t i = 0; i < l->have; i++)
		l->room[i] = l->room[at + i];
	return more;
}

bool maps_each(bool (*f)(const struct maps_line *m, void *with), void *with)
{
	struct lines l = { .f = f, .with = with };
	int fd = (int)sys4(SYS_openat, AT_FDCWD, "/proc/self/maps",
			   O_RDONLY | O_CLOEXEC, 0);
	long got;

	if (fd < 0)
		return false;
	while ((got = sys3(SYS_read, fd, l.room + l.have, LINE_MOST - l.have)) > 0) {
		l.have += (size_t)got;
		if (!tell_all(&l))
			break;
	}
	sys_close(fd);
	return got >= 0;
}

static unsigned int id_in_notes(const uint8_t *at, size_t n, uint8_t *ret)
{
	while (n >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr h;
		size_t name, text;

		__builtin_memcpy(&h, at, sizeof(h));
		name = ((size_t)h.n_namesz + 3) & ~(size_t)3;
		text = ((size_t)h.n_descsz + 3) & ~(size_t)3;
		at += sizeof(h);
		n -= sizeof(h);
		if (name > n || text > n - name)
			return 0;
		if (h.n_type == NT_GNU_BUILD_ID && h.n_namesz == 4 &&
		    h.n_descsz <= MAPS_BUILD_ID) {
			__builtin_memcpy(ret, at + name, h.n_descsz);
			return h.n_descsz;
		}
		at += name + text;
		n -= name + text;
	}
	return 0;
}

unsigned int maps_build_id(uintptr_t head, size_t bytes, uint8_t *ret)
{
	Elf64_Ehdr e;
	Elf64_Phdr p;
	unsigned int n = 0;

	if (bytes > 65536)
		bytes = 65536; /* notes come early */
	if (bytes < sizeof(e) || !sys_readable((const void *)head, bytes))
		return 0;
	__builtin_memcpy(&e, (const void *)head, sizeof(e));
	if (__builtin_memcmp(e.e_ident, ELFMAG, SELFMAG) ||
	    e.e_ident[EI_CLASS] != ELFCLASS64 || e.e_phentsize != sizeof(p) ||
	    e.e_phoff > bytes || (bytes - e.e_phoff) / sizeof(p) < e.e_phnum)
		return 0;
	for (int i = 0; i < e.e_phnum && !n; i++) {
		__builtin_memcpy(
			&p, (const uint8_t *)head + e.e_phoff + (size_t)i * sizeof(p),
			sizeof(p));
		if (p.p_type == PT_NOTE && p.p_offset <= bytes &&
		    p.p_filesz <= bytes - p.p_offset)
			n = id_in_notes((const uint8_t *)head + p.p_offset, p.p_filesz,
					ret);
	}
	return n;
}
