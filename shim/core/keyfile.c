/* SPDX-License-Identifier: MIT */
/* keyfile: keys of Fast Open cookies; see keyfile.h. */
#include "core/keyfile.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "core/sys.h"

#define BYTES_MOST 4096
#define EXPECTED \
	"a key is 32 hexadecimal digits, or four groups of eight with '-' between"

static int hex_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool between_keys(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',';
}

static bool read_digits(const char *s, size_t n, uint8_t *to)
{
	for (size_t i = 0; i < n; i++) {
		int v = hex_of(s[i]);

		if (v < 0)
			return false;
		to[i / 2] = (uint8_t)(i % 2 ? to[i / 2] | v : v << 4);
	}
	return true;
}

/* A word is printed with its highest byte first and kept with its lowest first. */
static void turn(uint8_t *word)
{
	for (int i = 0; i < 2; i++) {
		uint8_t kept = word[i];

		word[i] = word[3 - i];
		word[3 - i] = kept;
	}
}

static bool read_key(const char *s, size_t n, uint8_t *to)
{
	if (n == 2 * KEYFILE_KEY)
		return read_digits(s, n, to);
	if (n != 2 * KEYFILE_KEY + 3)
		return false;
	for (size_t i = 0; i < 4; i++) {
		if ((i && s[9 * i - 1] != '-') ||
		    !read_digits(s + 9 * i, 8, to + 4 * i))
			return false;
		turn(to + 4 * i);
	}
	return true;
}

const char *keyfile_parse(const char *bytes, size_t n, struct keyfile *ret)
{
	const char *at = bytes, *end = bytes + n;
	struct keyfile k = { .n = 0 };

	while (at < end) {
		const char *from = at;

		if (*at == '#')
			while (at < end && *at != '\n')
				at++;
		else if (between_keys(*at))
			at++;
		else
			while (at < end && *at != '#' && !between_keys(*at))
				at++;
		if (*from == '#' || between_keys(*from))
			continue;
		if (k.n == 2)
			return "there are more than two keys";
		if (!read_key(from, (size_t)(at - from), k.key[k.n++]))
			return EXPECTED;
	}
	if (!k.n)
		return "there is no key in it";
	*ret = k;
	return NULL;
}

static const char *not_trusted(const struct stat *st)
{
	uint32_t user = (uint32_t)sys1(SYS_geteuid, 0);

	if (!S_ISREG(st->st_mode))
		return "it is no regular file";
	if (st->st_uid && st->st_uid != user)
		return "it belongs to another user";
	if (st->st_mode & 037)
		return "others may read it: it needs mode 0600, or 0640 for workers";
	return st->st_size > BYTES_MOST ? "it is larger than 4 KiB" : NULL;
}

const char *keyfile_read(const char *path, struct keyfile *ret)
{
	int fd = (int)sys4(SYS_openat, AT_FDCWD, path,
			   O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
	char bytes[BYTES_MOST];
	const char *wrong;
	struct stat st;
	long n = 0;

	if (fd < 0)
		return fd == -EACCES   ? "it cannot be read: permission denied"
		       : fd == -ENOENT ? "it does not exist"
				       : "it cannot be read";
	wrong = sys2(SYS_fstat, fd, &st) ? "it cannot be read" : not_trusted(&st);
	if (!wrong)
		n = sys3(SYS_read, fd, bytes, sizeof(bytes));
	sys_close(fd);
	if (!wrong && n < 0)
		wrong = "it cannot be read";
	return wrong ? wrong : keyfile_parse(bytes, (size_t)n, ret);
}
