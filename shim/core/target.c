/* SPDX-License-Identifier: MIT */
/*
 * target: knows how the kernel and execvp() choose the file that runs, through PATH and
 * through scripts, and when the loader distrusts it. What the file's head tells is left
 * to elf, messages and consequences to the commands.
 */
#include "core/target.h"

#include "core/elf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#define FIRST_LINE 256 /* BINPRM_BUF_SIZE: the kernel reads no more */

static void copy_path(char to[PATH_MAX], const char *from)
{
	size_t len = strlen(from);

	if (len > PATH_MAX - 1)
		len = PATH_MAX - 1;
	memmove(to, from, len);
	to[len] = '\0';
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* ---- the file that would run ---- */

/* 0, -ENOENT (execvp() looks further) or -EACCES (it looks further and remembers). */
static int try_file(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		if (errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG)
			return -ENOENT;
		return -EACCES;
	}
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? -EACCES : 0;
}

static int search(const char *name, char ret_path[PATH_MAX])
{
	const char *dir = getenv("PATH"), *end;
	char path[PATH_MAX];
	int answer = -ENOENT, err, len;

	if (!dir)
		dir = "/bin:/usr/bin";
	for (;; dir = end + 1) {
		end = dir + strcspn(dir, ":");
		/* An empty word is the current directory. */
		len = snprintf(path, sizeof(path), "%.*s%s/%s", (int)(end - dir), dir,
			       end == dir ? "." : "", name);
		err = len < (int)sizeof(path) ? try_file(path) : -ENOENT;
		if (!err || (err == -EACCES && answer == -ENOENT)) {
			copy_path(ret_path, path);
			answer = err;
		}
		if (!err || !*end)
			return answer;
	}
}

static int find(const char *name, char ret_path[PATH_MAX])
{
	copy_path(ret_path, name);
	if (strchr(name, '/'))
		return try_file(name);
	return *name ? search(name, ret_path) : -ENOENT;
}

/* ---- scripts ---- */

/* One word of an `env -S` string; quotes and backslashes as far as names need them. */
static bool next_word(const char **at, char ret_word[FIRST_LINE])
{
	const char *p = *at + strspn(*at, " \t");
	char quote = '\0';
	size_t len = 0;

	if (!*p)
		return false;
	for (; *p && (quote || (*p != ' ' && *p != '\t')); p++) {
		if (quote ? *p == quote : *p == '\'' || *p == '"') {
			quote = quote ? '\0' : *p;
			continue;
		}
		if (*p == '\\' && p[1] && quote != '\'')
			p++;
		ret_word[len++] = *p;
	}
	ret_word[len] = '\0';
	*at = p;
	return true;
}

/* The string to split, or NULL: then env was given one single word. */
static const char *split_string(const char *arg)
{
	static const char *const heads[] = { "-S", "-vS",
					     "--split-string=", "--split-string " };
	size_t i;

	for (i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		if (!strncmp(arg, heads[i], strlen(heads[i])))
			return arg + strlen(heads[i]);
	return NULL;
}

static bool takes_value(const char *option)
{
	return !strcmp(option, "-u") || !strcmp(option, "--unset") ||
	       !strcmp(option, "-C") || !strcmp(option, "--chdir");
}

/* What `env ARG SCRIPT` would run. Nothing named in ARG means: the script once more. */
static void read_env(const char *arg, const char *script, char ret_name[PATH_MAX])
{
	const char *rest = split_string(arg);
	char word[FIRST_LINE];

	if (!rest) {
		if (!*arg || *arg == '-' || strchr(arg, '='))
			arg = script;
		copy_path(ret_name, arg);
		return;
	}
	while (next_word(&rest, word)) {
		if (takes_value(word))
			next_word(&rest, word);
		else if (*word != '-' && !strchr(word, '=')) {
			copy_path(ret_name, word);
			return;
		}
	}
	copy_path(ret_name, script);
}

/* Reads "#!" as binfmt_script.c does: one interpreter, and all the rest is one word. */
static bool read_script(char *line, size_t len, const char *script,
			char ret_name[PATH_MAX])
{
	char *end = memchr(line, '\n', len), *name, *arg;

	if (end)
		len = (size_t)(end - line);
	line[len] = '\0';
	while (len > 2 && (line[len - 1] == ' ' || line[len - 1] == '\t'))
		line[--len] = '\0';
	name = line + 2 + strspn(line + 2, " \t");
	arg = name + strcspn(name, " \t");
	if (!*name || (!end && len == FIRST_LINE && !*arg))
		return false;
	if (*arg)
		*arg++ = '\0';
	arg += strspn(arg, " \t");
	/* Not sought in PATH: a bare name is a file in the current directory. */
	snprintf(ret_name, PATH_MAX, "%s%s", strchr(name, '/') ? "" : "./", name);
	/* env itself need not be reached, the environment passes through it. */
	if (!strcmp(base_name(name), "env") && !try_file(ret_name))
		read_env(arg, script, ret_name);
	return true;
}

static enum target_libc libc_of(const char *loader)
{
	const char *name = base_name(loader);

	if (!strncmp(name, "ld-musl", 7))
		return TARGET_LIBC_MUSL;
	if (!strncmp(name, "ld-linux", 8) || !strncmp(name, "ld64.so", 7) ||
	    !strncmp(name, "ld.so", 5))
		return TARGET_LIBC_GLIBC;
	return TARGET_LIBC_UNKNOWN;
}

/* Would the kernel set AT_SECURE? As cap_bprm_creds_from_file() decides it. */
static bool gains_privileges(const char *path)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	struct statvfs fs;
	struct stat st;
	bool suid;

	if (stat(path, &st) < 0)
		return false;
	suid = statvfs(path, &fs) < 0 || !(fs.f_flag & ST_NOSUID);
	if (suid && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) {
		if (st.st_mode & S_ISUID)
			uid = st.st_uid;
		if ((st.st_mode & S_ISGID) && (st.st_mode & S_IXGRP))
			gid = st.st_gid;
	}
	if (uid != getuid() || gid != getgid())
		return true;
	return suid && uid && getxattr(path, "security.capability", NULL, 0) > 0;
}

static enum target_verdict read_elf(int fd, struct target *target)
{
	char loader[PATH_MAX];
	enum elf_kind kind = elf_read(fd, loader);

	if (kind == ELF_BROKEN)
		return TARGET_NOT_A_PROGRAM;
	if (kind == ELF_OTHER_CLASS)
		return TARGET_OTHER_CLASS;
	if (gains_privileges(target->path))
		return TARGET_SECURE;
	if (kind == ELF_GO)
		return TARGET_GO;
	if (kind == ELF_STATIC) {
		/* A loader started by hand is its own road: ld.so ./program. */
		target->libc = libc_of(target->path);
		return target->libc == TARGET_LIBC_UNKNOWN ? TARGET_STATIC
							   : TARGET_PRELOAD;
	}
	if (access(loader, F_OK) < 0) {
		copy_path(target->chain[target->chain_len++], target->path);
		copy_path(target->path, loader);
		return TARGET_NOT_FOUND;
	}
	target->libc = libc_of(loader);
	return kind == ELF_NO_LIBC ? TARGET_NO_LIBC : TARGET_PRELOAD;
}

/* ---- the way to the verdict ---- */

/* What the kernel refuses, execvp() hands to the shell: so it is with all text. */
static bool is_text(const char *line, size_t len)
{
	return !memchr(line, '\0', len);
}

/* True when the file is a script: name is then the next one to look at. */
static bool read_file(int fd, struct target *target, char name[PATH_MAX])
{
	char line[FIRST_LINE + 1];
	size_t len = elf_bytes(fd, 0, line, FIRST_LINE);
	bool text = is_text(line, len);

	if (elf_is(line, len)) {
		target->verdict = read_elf(fd, target);
		return false;
	}
	if (len < 2 || memcmp(line, "#!", 2) ||
	    !read_script(line, len, target->path, name)) {
		target->verdict = TARGET_NOT_A_PROGRAM;
		if (!text)
			return false;
		copy_path(name, "/bin/sh");
	}
	target->verdict = TARGET_TOO_DEEP;
	if (target->chain_len == TARGET_DEPTH)
		return false;
	copy_path(target->chain[target->chain_len++], target->path);
	return true;
}

static bool step(struct target *target, char name[PATH_MAX])
{
	int err = find(name, target->path), fd;
	bool more;

	if (err) {
		target->verdict = err == -ENOENT ? TARGET_NOT_FOUND
						 : TARGET_NOT_EXECUTABLE;
		return false;
	}
	/*
	 * O_NONBLOCK: should the file have become a pipe since, we do not wait for it.
	 */
	fd = open(target->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		target->verdict = gains_privileges(target->path) ? TARGET_SECURE
								 : TARGET_UNREADABLE;
		return false;
	}
	more = read_file(fd, target, name);
	close(fd);
	return more;
}

void target_read(const char *command, struct target *ret_target)
{
	char name[PATH_MAX];

	memset(ret_target, 0, sizeof(*ret_target));
	copy_path(name, command);
	while (step(ret_target, name))
		;
}

const char *target_word(enum target_verdict verdict)
{
	static const char *const words[] = {
		[TARGET_PRELOAD] = "dynamic",
		[TARGET_GO] = "go",
		[TARGET_STATIC] = "static",
		[TARGET_NO_LIBC] = "no_libc",
		[TARGET_SECURE] = "gains_privileges",
		[TARGET_OTHER_CLASS] = "other_machine",
		[TARGET_UNREADABLE] = "unreadable",
		[TARGET_NOT_FOUND] = "not_found",
		[TARGET_NOT_EXECUTABLE] = "not_executable",
		[TARGET_TOO_DEEP] = "too_many_scripts",
		[TARGET_NOT_A_PROGRAM] = "no_program",
	};

	return words[verdict];
}

static const char *preload_says(enum target_libc libc)
{
	switch (libc) {
	case TARGET_LIBC_GLIBC:
		return "is a dynamic program (glibc): LD_PRELOAD reaches it";
	case TARGET_LIBC_MUSL:
		return "is a dynamic program (musl): LD_PRELOAD reaches it";
	case TARGET_LIBC_UNKNOWN:
		break;
	}
	return "is a dynamic program (its loader is not one we know): LD_PRELOAD "
	       "should reach it";
}

static const char *verdict_says(const struct target *target)
{
	switch (target->verdict) {
	case TARGET_PRELOAD:
		return preload_says(target->libc);
	case TARGET_GO:
		return "is a Go program: it makes its system calls itself, past every "
		       "library";
	case TARGET_STATIC:
		return "is statically linked: no loader reads LD_PRELOAD";
	case TARGET_NO_LIBC:
		return "is dynamic but uses no library: there is nothing to hook";
	case TARGET_SECURE:
		return "gains privileges when it starts (setuid, setgid or file "
		       "capabilities): the loader ignores LD_PRELOAD";
	case TARGET_OTHER_CLASS:
		return "is built for another machine or word size: libtfoshim.so "
		       "cannot be loaded into it";
	case TARGET_UNREADABLE:
		return "may be run but not read by this user: whether LD_PRELOAD "
		       "reaches it cannot be told";
	case TARGET_NOT_FOUND:
		return strchr(target->path, '/') ? "does not exist"
						 : "is found nowhere in PATH";
	case TARGET_NOT_EXECUTABLE:
		return "cannot be executed: it is no regular file, or this user may "
		       "not reach or execute it, or its file system is mounted noexec";
	case TARGET_TOO_DEEP:
		return "is one script too many: the kernel follows 5";
	case TARGET_NOT_A_PROGRAM:
		break;
	}
	return "is no program that this machine knows: neither a whole ELF file nor a "
	       "script";
}

void target_sentence(const struct target *target, char ret_text[TARGET_SENTENCE])
{
	const char *says = verdict_says(target);

	if (target->chain_len)
		snprintf(ret_text, TARGET_SENTENCE, "%s is run by %s, which %s",
			 target->chain[0], target->path, says);
	else
		snprintf(ret_text, TARGET_SENTENCE, "%s %s", target->path, says);
}
