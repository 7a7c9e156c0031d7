/* SPDX-License-Identifier: MIT */
/* meant: the places whose sockets are meant to stay open; see meant.h. */
#include "cli/meant.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/regular.h"
#include "cli/source.h"
#include "core/match.h"
#include "core/suppress.h"

#define FILE_MOST 65536 /* as the object reads it */
#define PATH_BYTES (PATH_MAX + PROCESS_PATH)

struct meant_line {
	struct suppress_line is;
	char *pattern; /* terminated */
};

static bool add(struct meant *m, const struct suppress_line *line)
{
	struct meant_line *more = reallocarray(m->line, m->n + 1, sizeof(*more));
	char *pattern = strndup(line->pattern, line->n);

	m->line = more ? more : m->line;
	if (!more || !pattern) {
		free(pattern);
		return false;
	}
	m->line[m->n] = (struct meant_line){ *line, pattern };
	m->line[m->n++].is.pattern = pattern;
	return true;
}

static unsigned int line_number(const char *text, const char *at)
{
	unsigned int n = 1;

	for (; text < at; text++)
		n += *text == '\n';
	return n;
}

static bool read_lines(struct meant *m, const char *path, const char *text, size_t n)
{
	const char *at = text;
	struct suppress_line line;
	bool good = true;

	while (suppress_next(&at, text + n, &line)) {
		if (line.n) {
			good = add(m, &line) && good;
			continue;
		}
		say_at(path, line_number(text, line.pattern), 0,
		       "a place is a pattern, and a count if it is a pool");
		good = false;
	}
	return good;
}

static void begin(struct meant *ret)
{
	*ret = (struct meant){ 0 };
	read_lines(ret, "", suppress_runtimes, strlen(suppress_runtimes));
}

static int read_file(const char *path, struct meant *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char *text = malloc(FILE_MOST);
	int status = fd < 0 || !text ? -errno : 0;

	if (!status &&
	    !read_lines(ret, path, text, regular_read(fd, text, FILE_MOST, 0)))
		status = -EINVAL;
	if (fd >= 0)
		close(fd);
	free(text);
	return status;
}

bool meant_read(const char *path, struct meant *ret)
{
	int status;

	begin(ret);
	status = read_file(path, ret);
	if (status && status != -EINVAL)
		say_at(path, 0, 0, strerror(-status));
	return !status;
}

/* Root opens nothing because another user says so. */
static bool is_same_user(const struct process *p)
{
	char environ_file[PROCESS_PATH];
	struct stat st;

	process_path(p, "environ", environ_file);
	return !stat(environ_file, &st) && st.st_uid == geteuid();
}

/* A path that the process was given, for us to open. */
static bool its_path(const struct process *p, const char *name, char ret[PATH_BYTES])
{
	char root[PROCESS_PATH], path[PATH_MAX];

	if (!p || !is_same_user(p) || !process_setting(p, name, path, sizeof(path)) ||
	    *path != '/')
		return false;
	process_path(p, "root", root);
	snprintf(ret, PATH_BYTES, "%s%s", process_shares(p, "mnt") ? "" : root, path);
	return true;
}

static void read_rule(const struct rule *rule, const struct process *p,
		      struct meant *ret)
{
	char root[PROCESS_PATH] = "", path[PATH_BYTES];

	if (!rule || !rule_text(rule, KEY_suppress))
		return;
	if (p && !process_shares(p, "mnt"))
		process_path(p, "root", root);
	snprintf(path, sizeof(path), "%s%s", root, rule_text(rule, KEY_suppress));
	read_file(path, ret);
}

void meant_of_policy(const char *program, const struct process *p, struct meant *ret)
{
	struct match_self self = { .program = program, .uid = (uint32_t)geteuid() };
	struct policy policy = { 0 };
	bool must_exist;
	const char *path = source_in_force(&must_exist);
	const struct match *match;
	char its[PATH_BYTES];

	begin(ret);
	if (its_path(p, "TFOSHIM_POLICY", its))
		path = its;
	match = source_count(&policy, path, must_exist) ? NULL
							: match_build(&policy, &self);
	if (match)
		read_rule(match_find(match, SECTION_leaks, NULL, NULL), p, ret);
	policy_drop(&policy);
}

/* --- which places ----------------------------------------------------------------- */

static bool name_matches(const struct suppress_line *line, const char *name)
{
	char plain[256];
	size_t n = name ? strcspn(name, "(") : 0;

	if (!name)
		return false;
	if (suppress_matches(line, name))
		return true;
	snprintf(plain, sizeof(plain), "%.*s", (int)n, name);
	return suppress_matches(line, plain); /* without what it takes */
}

static bool frame_matches(const struct suppress_line *line, const struct ledger *l,
			  const struct symbols *s, uint64_t frame)
{
	const struct symbols_frame *f = symbols_of(s, frame);
	struct ledger_image image;

	if (ledger_view_module(l, ledger_view_frame_module(frame), &image) &&
	    suppress_matches(line, image.path))
		return true;
	for (unsigned int i = 0; f && i < f->names; i++)
		if (name_matches(line, f->name[i].function) ||
		    name_matches(line, f->name[i].symbol))
			return true;
	return false;
}

void meant_mark(const struct meant *m, const struct ledger *l, const struct symbols *s,
		struct places *places)
{
	for (size_t k = 0; k < m->n; k++)
		for (unsigned int i = 0; i < places->n; i++) {
			struct place *p = &places->at[i];

			if (p->meant || p->live > m->line[k].is.most)
				continue;
			for (unsigned int f = 0; f < p->born.depth; f++)
				if (frame_matches(&m->line[k].is, l, s,
						  p->born.frame[f]))
					p->meant = m->line[k].pattern;
		}
}

void meant_drop(struct meant *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->line[i].pattern);
	free(m->line);
	*m = (struct meant){ 0 };
}
