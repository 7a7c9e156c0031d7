/* SPDX-License-Identifier: MIT */
/* scope: where a section of a policy holds; see scope.h. */
#include "core/scope.h"

#define HOST_MOST 253 /* RFC 1035, section 2.3.4 */
#define LABEL_MOST 63
#define NO_MEMORY "there is no memory for it"

static const char *find(const char *s, const char *end, char c)
{
	while (s < end && *s != c)
		s++;
	return s;
}

static bool read_port(const char **s, const char *end, uint16_t *ret)
{
	unsigned int v = 0;
	const char *from = *s;

	for (; *s < end && **s >= '0' && **s <= '9' && v <= 65535; ++*s)
		v = v * 10 + (unsigned int)(**s - '0');
	*ret = (uint16_t)v;
	return *s != from && v >= 1 && v <= 65535;
}

static const char *read_ports(struct arena *a, const char *s, const char *end,
			      struct scope_target *t, const char **ret_at)
{
	struct scope_ports **last = &t->ports;

	for (;;) {
		struct scope_ports *p = arena_take(a, sizeof(*p));

		if (!p)
			return NO_MEMORY;
		*ret_at = s;
		if (!read_port(&s, end, &p->first))
			return "a port is a number from 1 to 65535";
		p->last = p->first;
		if (s < end && *s == '-') {
			s++;
			if (!read_port(&s, end, &p->last))
				return "a port is a number from 1 to 65535";
			if (p->last < p->first)
				return "this range of ports runs backwards";
		}
		*last = p;
		last = &p->next;
		*ret_at = s;
		if (s == end)
			return NULL;
		if (*s++ != ',')
			return "ports are numbers and ranges with commas between";
	}
}

static bool label_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_host(const char *s, size_t n)
{
	size_t label = 0;

	if (!n || n > HOST_MOST)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '.' ? label == 0 : !label_char(lower(s[i])))
			return false;
		label = s[i] == '.' ? 0 : label + 1;
		if (label > LABEL_MOST)
			return false;
	}
	return label > 0;
}

static bool like_an_address(const char *s, const char *end)
{
	for (; s < end; s++)
		if (*s != '.' && *s != '/' && (*s < '0' || *s > '9'))
			return false;
	return true;
}

static const char *read_host(struct arena *a, const char *s, const char *end,
			     struct scope_target *t)
{
	char *host;

	t->kind = SCOPE_HOST;
	if (end - s > 2 && s[0] == '*' && s[1] == '.') {
		t->kind = SCOPE_SUFFIX;
		s += 2;
	}
	if (s < end && end[-1] == '.')
		end--; /* the root's own dot */
	for (const char *c = s; c < end; c++)
		if ((unsigned char)*c > 127)
			return "a host name stands here in its ASCII form (xn--...)";
	if (like_an_address(s, end) || !is_host(s, (size_t)(end - s)))
		return "this is neither an address, a CIDR, a host name, a *.suffix "
		       "nor *";
	host = arena_text(a, s, (size_t)(end - s));
	if (!host)
		return NO_MEMORY;
	t->host = host;
	t->host_n = (size_t)(end - s);
	for (; *host; host++)
		*host = lower(*host);
	return NULL;
}

static const char *read_bits(const char *s, const char *end, unsigned int most,
			     unsigned int *ret)
{
	unsigned int v = 0;
	const char *from = s;

	for (; s < end && *s >= '0' && *s <= '9' && v < 1000; s++)
		v = v * 10 + (unsigned int)(*s - '0');
	if (s != end || s == from || v > most)
		return most == 32 ? "a prefix length is a number from 0 to 32 here"
				  : "a prefix length is a number from 0 to 128 here";
	*ret = v;
	return NULL;
}

/* false: not an address at all. */
static bool read_net(const char *s, const char *end, struct scope_target *t,
		     const char **sentence, const char **ret_at, struct text *why)
{
	const char *slash = find(s, end, '/');
	bool mapped;
	struct addr cut;

	if (!addr_parse(s, (size_t)(slash - s), &t->net))
		return false;
	mapped = t->net.version == 4 && find(s, slash, ':') != slash;
	t->kind = SCOPE_NET;
	t->bits = t->net.version == 4 ? 32 : 128;
	*sentence = NULL;
	if (slash == end)
		return true;
	*ret_at = slash + 1;
	*sentence = mapped ? "an IPv4 address in IPv6 form takes no prefix length"
			   : read_bits(slash + 1, end, t->bits, &t->bits);
	if (*sentence)
		return true;
	cut = t->net;
	if (!addr_mask(&cut, t->bits))
		return true;
	*ret_at = s;
	text_str(why, "this address has bits behind its prefix; it begins at ");
	addr_print_host(why, &cut);
	*sentence = why->at;
	return true;
}

/* Where the ports begin: behind ':' where there is one, which is alone or behind ']'.
 */
static const char *host_end(const char *s, const char *end)
{
	const char *colon = find(s, end, ':');

	if (s < end && *s == '[')
		return find(s, end, ']');
	if (colon < end && find(colon + 1, end, ':') < end)
		return end; /* IPv6 without brackets has no ports */
	return colon;
}

const char *scope_target_parse(struct arena *a, const char *s, size_t n,
			       struct scope_target *ret, size_t *ret_at,
			       struct text *why)
{
	const char *end = s + n, *stop = host_end(s, end), *from = s, *at = s;
	const char *sentence = NULL;
	struct scope_target t = { .kind = SCOPE_ANY };

	if (n && *s == '[') {
		from++;
		if (stop == end) {
			*ret_at = 0;
			return "the ']' of this address is missing";
		}
	}
	if (stop - from == 1 && *from == '*' && from == s)
		t.kind = SCOPE_ANY;
	else if (!read_net(from, stop, &t, &sentence, &at, why))
		sentence = from != s ? "there is no IPv6 address in these brackets"
				     : read_host(a, s, stop, &t);
	if (!sentence && from != s)
		stop++;
	if (!sentence && stop < end) {
		at = stop;
		sentence = *stop == ':' ? read_ports(a, stop + 1, end, &t, &at)
					: "':' and ports are expected here";
	}
	*ret_at = (size_t)(at - s);
	if (!sentence)
		*ret = t;
	return sentence;
}

const char *scope_who_parse(struct arena *a, const char *s, size_t n,
			    struct scope_who **ret)
{
	const char *end = s + n;

	while (*ret)
		ret = &(*ret)->next;
	for (;;) {
		const char *stop = find(s, end, ',');
		struct scope_who *w;

		if (stop == s)
			return "a name is missing here";
		for (const char *c = s; c < stop; c++)
			if (*c == '"' || *c == '[' || *c == ']' || *c == '=')
				return "a name has no quotes, brackets or '='";
		w = arena_take(a, sizeof(*w));
		if (!w)
			return NO_MEMORY;
		w->name = arena_text(a, s, (size_t)(stop - s));
		if (!w->name)
			return NO_MEMORY;
		*ret = w;
		ret = &w->next;
		if (stop == end)
			return NULL;
		s = stop + 1;
	}
}

void scope_target_print(const struct sink *to, const struct scope_target *t)
{
	bool brackets = t->kind == SCOPE_NET && t->net.version == 6 && t->ports;
	TEXT(net, 64);

	if (t->kind == SCOPE_ANY || t->kind == SCOPE_SUFFIX)
		sink_str(to, t->kind == SCOPE_ANY ? "*" : "*.");
	if (t->host)
		sink_str(to, t->host);
	if (t->kind == SCOPE_NET)
		addr_print_host(&net, &t->net);
	if (t->kind == SCOPE_NET && t->bits != (t->net.version == 4 ? 32 : 128)) {
		text_char(&net, '/');
		text_num(&net, t->bits);
	}
	sink_str(to, brackets ? "[" : "");
	sink_str(to, net.at);
	sink_str(to, brackets ? "]" : "");
	for (const struct scope_ports *p = t->ports; p; p = p->next) {
		sink_str(to, p == t->ports ? ":" : ",");
		sink_num(to, p->first);
		if (p->last != p->first) {
			sink_str(to, "-");
			sink_num(to, p->last);
		}
	}
}

void scope_who_print(const struct sink *to, const char *qualifier,
		     const struct scope_who *w)
{
	for (const struct scope_who *first = w; w; w = w->next) {
		sink_str(to, w == first ? qualifier : ",");
		sink_str(to, w->name);
	}
}

bool scope_has_port(const struct scope_target *t, uint16_t port)
{
	for (const struct scope_ports *p = t->ports; p; p = p->next)
		if (port >= p->first && port <= p->last)
			return true;
	return !t->ports;
}

static const char *name_of(const char *path)
{
	const char *name = path;

	for (; *path; path++)
		if (*path == '/')
			name = path + 1;
	return name;
}

bool scope_is_program(const struct scope_who *w, const char *program)
{
	bool any = !w;

	for (; w && !any; w = w->next)
		any = text_same(w->name, *w->name == '/' ? program : name_of(program));
	return any;
}

bool scope_is_user(const struct scope_who *w, uint32_t uid, const char *user_name)
{
	TEXT(number, 16);
	bool any = !w;

	text_num(&number, uid);
	for (; w && !any; w = w->next)
		any = text_same(w->name, number.at) ||
		      (user_name && text_same(w->name, user_name));
	return any;
}
