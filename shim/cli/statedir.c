/* SPDX-License-Identifier: MIT */
/* statedir: the state directory as doctor sees it; see statedir.h. */
#include "cli/statedir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cli/statefile.h"
#include "core/ledger.h"
#include "core/memory.h"
#include "core/share.h"
#include "core/traffic.h"

#define LOST "every process learns for itself"

static const char line[] = "state directory";
static const char elsewhere[] = "export TFOSHIM_STATE=\"$HOME/.tfoshim\"";

static bool is_memory(void *at)
{
	return memory_ready(at);
}

static bool is_traffic(void *at)
{
	return traffic_ready(at);
}

/* What all programs of a user map. */
static const struct statefile shared[] = {
	{ MEMORY_FILE, sizeof(struct memory), is_memory },
	{ TRAFFIC_FILE, sizeof(struct traffic), is_traffic },
};

#define SHARED (sizeof(shared) / sizeof(*shared))

/* --- the directory itself --------------------------------------------------------- */

/* As core/share judges it: what is wrong, and a pattern of the remedy. */
static const char *find_fault(const struct stat *st, const char **ret_remedy)
{
	if (S_ISLNK(st->st_mode)) {
		*ret_remedy = "export TFOSHIM_STATE=\"$(readlink -f @)\"";
		return "is a symbolic link, and none is followed";
	}
	if (!S_ISDIR(st->st_mode)) {
		*ret_remedy = "mv @ @.old";
		return "is no directory";
	}
	if (st->st_uid != geteuid()) {
		*ret_remedy = geteuid() ? elsewhere : "chown 0 @";
		return "belongs to somebody else";
	}
	if ((st->st_mode & 0777) != 0700) {
		*ret_remedy = "chmod 700 @";
		return "has not the mode 0700";
	}
	return NULL;
}

static bool can_make(const char *path)
{
	char copy[PATH_MAX];

	strcpy(copy, path);
	return !access(dirname(copy), W_OK | X_OK);
}

/* ... with all that is above it? */
static bool can_make_all(const char *path)
{
	char copy[PATH_MAX], *at = copy;

	strcpy(copy, path);
	do
		at = dirname(at);
	while (access(at, F_OK) < 0 && strcmp(at, "/") && strcmp(at, "."));
	return !access(at, W_OK | X_OK);
}

static const char *fault_of_none(const char *path, const char **ret_remedy)
{
	int err = errno;

	if (err == ENOENT && can_make(path))
		return NULL;
	*ret_remedy = elsewhere;
	if (err == ENOENT && can_make_all(path))
		*ret_remedy = "mkdir -p -m 700 @";
	return errno == EROFS ? "cannot be made: its file system is read-only"
			      : "cannot be made";
}

/* --- room ------------------------------------------------------------------------- */

/* What the shared files have yet to take from the file system. */
static uint64_t missing(const char *directory)
{
	uint64_t bytes = 0, has;
	struct stat st;

	for (size_t i = 0; i < SHARED; i++) {
		TEXT(path, PATH_MAX);

		text_str(&path, directory);
		text_str(&path, "/");
		text_str(&path, shared[i].name);
		has = lstat(path.at, &st) ? 0 : (uint64_t)st.st_blocks * 512;
		bytes += has < shared[i].bytes ? shared[i].bytes - has : 0;
	}
	return bytes;
}

static void check_room(struct findings *findings, const char *directory, bool made)
{
	char copy[PATH_MAX];
	struct statvfs fs;
	uint64_t needs = missing(directory), has;

	strcpy(copy, directory);
	if (!needs || statvfs(made ? copy : dirname(copy), &fs) < 0)
		return;
	has = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (fs.f_flag & ST_RDONLY)
		findings_tell(findings, LEVEL_FAIL, line,
			      "%s: its file system is read-only; " LOST, directory);
	else if (has < needs)
		findings_tell(
			findings, LEVEL_FAIL, line,
			"%s: its file system is full: %llu KiB are free, %llu are "
			"needed; " LOST,
			directory, (unsigned long long)has / 1024,
			(unsigned long long)(needs + 1023) / 1024);
	else if (fs.f_files && !fs.f_favail)
		findings_tell(
			findings, LEVEL_FAIL, line,
			"%s: its file system is full: it has no inode left; " LOST,
			directory);
	else
		return;
	findings_mend(findings, NULL, elsewhere, NULL);
}

/* --- the files -------------------------------------------------------------------- */

/* Programs are just about to fill it. */
static bool is_new(const char *path)
{
	struct stat st;

	return !lstat(path, &st) && S_ISREG(st.st_mode) && !st.st_size;
}

static void check_shared(struct findings *findings, const char *directory,
			 const struct statefile *s)
{
	bool is_none;
	TEXT(path, PATH_MAX);
	TEXT(why, PATH_MAX + 128);
	void *copy = statefile_read(s, &why, &is_none);

	text_str(&path, directory);
	text_char(&path, '/');
	text_str(&path, s->name);
	free(copy);
	if (is_none || (!copy && is_new(path.at)))
		return;
	if (copy) {
		findings_tell(findings, LEVEL_OK, "state file", "%s", path.at);
		return;
	}
	findings_tell(findings, LEVEL_FAIL, "state file", "%s; " LOST, why.at);
	findings_mend(findings, NULL, "rm -rf @", path.at);
}

/* Ours by name, but with another number: the layout's version is part of the name. */
static bool is_other_version(const char *name)
{
	static const char *const ours[] = { MEMORY_FILE, TRAFFIC_FILE, LEDGER_FILE };
	size_t stem;

	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++) {
		stem = (size_t)(strchr(ours[i], '.') - ours[i]) + 1;
		if (strncmp(name, ours[i], stem) || name[stem] < '0' ||
		    name[stem] > '9')
			continue;
		return strncmp(name, ours[i], strlen(ours[i])) != 0;
	}
	return false;
}

static void check_others(struct findings *findings, const char *directory, int dir)
{
	DIR *all = fdopendir(dup(dir));
	unsigned int ledgers = 0;
	struct dirent *e;

	while (all && (e = readdir(all))) {
		TEXT(path, PATH_MAX);

		ledgers += !strncmp(e->d_name, LEDGER_FILE, strlen(LEDGER_FILE));
		if (!is_other_version(e->d_name))
			continue;
		text_str(&path, directory);
		text_str(&path, "/");
		text_str(&path, e->d_name);
		findings_tell(findings, LEVEL_WARN, "state file",
			      "%s is of another version of tfoshim, and not read",
			      path.at);
		findings_mend(findings, "when no program of that version runs any more",
			      "rm @", path.at);
	}
	if (all)
		closedir(all);
	if (ledgers)
		findings_tell(findings, LEVEL_OK, "ledgers",
			      "%u; 'tfo leaks' reads them", ledgers);
}

static void check_files(struct findings *findings, const char *directory)
{
	int dir = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir < 0)
		return;
	for (size_t i = 0; i < SHARED; i++)
		check_shared(findings, directory, &shared[i]);
	check_others(findings, directory, dir);
	close(dir);
}

/* ret_path empty: there is none. */
static const char *find_directory(struct text *ret_path, bool *ret_made,
				  const char **ret_remedy)
{
	struct stat st;

	*ret_remedy = elsewhere;
	if (!share_directory(ret_path, getenv("TFOSHIM_STATE"),
			     getenv("XDG_RUNTIME_DIR")))
		return "neither TFOSHIM_STATE nor XDG_RUNTIME_DIR is of use";
	*ret_made = lstat(ret_path->at, &st) == 0;
	return *ret_made ? find_fault(&st, ret_remedy)
			 : fault_of_none(ret_path->at, ret_remedy);
}

bool statedir_keeps(struct text *why_not)
{
	TEXT(path, PATH_MAX);
	const char *remedy, *fault;
	bool made;

	fault = find_directory(&path, &made, &remedy);
	if (!fault)
		return true;
	text_str(why_not, path.at);
	text_str(why_not, path.n ? " " : "");
	text_str(why_not, fault);
	return false;
}

void statedir_check(struct findings *findings)
{
	const char *pattern, *fault;
	bool made;
	TEXT(path, PATH_MAX);

	fault = find_directory(&path, &made, &pattern);
	if (!path.n) {
		findings_tell(findings, LEVEL_WARN, line, "none: %s; " LOST, fault);
		findings_mend(findings, NULL, pattern, NULL);
		return;
	}
	if (fault) {
		findings_tell(findings, LEVEL_FAIL, line, "%s %s; " LOST, path.at,
			      fault);
		findings_mend(findings, NULL, pattern, path.at);
		return;
	}
	findings_tell(findings, LEVEL_OK, line, "%s%s", path.at,
		      made ? "" : ", to be made by the first program");
	check_room(findings, path.at, made);
	if (made)
		check_files(findings, path.at);
}
