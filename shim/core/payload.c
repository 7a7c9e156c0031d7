/* SPDX-License-Identifier: MIT */
/* payload: what may ride in a SYN; see payload.h. */
#include "core/payload.h"

#include "core/text.h"

/* Commands that commit something; RFC 9110 section 9.2.2, RFC 5321, RFC 4918, RFC 3977.
 */
static const char *const unsafe[] = {
	"POST ",     "PUT ",	"PATCH ",   "DELETE ", "CONNECT ",   "MKCOL ",
	"MOVE ",     "COPY ",	"LOCK ",    "UNLOCK ", "PROPPATCH ", "PRI * HTTP/2",
	"MAIL FROM", "RCPT TO", "DATA\r\n", "IHAVE ",
};

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* One begins with the other: a method cut in two by the program is still that method.
 */
static bool overlaps(const char *bytes, size_t n, const char *word)
{
	for (size_t i = 0; i < n && word[i]; i++)
		if (upper(bytes[i]) != word[i])
			return false;
	return n > 0;
}

bool payload_may_repeat(const void *p, size_t n)
{
	const char *bytes = p;

	while (n && (*bytes == '\r' || *bytes == '\n')) { /* RFC 9112, section 2.2 */
		bytes++;
		n--;
	}
	for (size_t i = 0; i < sizeof(unsafe) / sizeof(*unsafe); i++)
		if (overlaps(bytes, n, unsafe[i]))
			return false;
	return true;
}
