/* SPDX-License-Identifier: MIT */
/* borne: do programs start with the object as before? See borne.h. */
#include "cli/borne.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/stage.h"
#include "cli/trust.h"

#define PATIENCE_MS 10000
#define NAME "libtfoshim.so"
#define OBJECT "/" NAME
#define NOBODY 65534

static const char *const shell[] = { "/bin/sh", "-c", ":", NULL };
/*
 * What is loaded. Whatever PATH is: no more than the shell that has just been seen to
 * start; without /proc its loader tells.
 */
static const char *const loaded[] = {
	"/bin/sh", "-c",
	"[ -r /proc/$$/maps ] || LD_TRACE_LOADED_OBJECTS=1 exec /bin/sh\n"
	"while read -r line; do echo \"$line\"; done < /proc/$$/maps",
	NULL
};

bool borne_before(struct trial *ret)
{
	return trial_run(shell, "", PATIENCE_MS, ret) == 0;
}

/* What is said now and was not said before; NULL: nothing. */
static const char *new_line(const char *now, const char *before)
{
	size_t n;

	for (; *now; now += n + (now[n] == '\n')) {
		n = strcspn(now, "\n");
		if (!memmem(before, strlen(before), now, n))
			return now;
	}
	return NULL;
}

static bool is_borne(const char *who, const char *preload, const struct trial *before)
{
	struct trial now;
	const char *why = NULL;
	int status = trial_run(shell, preload, PATIENCE_MS, &now);

	if (status == 0) {
		why = new_line(now.noise, before->noise);
		if (!why)
			status = trial_run(loaded, preload, PATIENCE_MS, &now);
	}
	/* Who becomes another user may not be let read the list: that is no harm. */
	if (!why && status == 0 && !*who && !strstr(now.out, OBJECT))
		why = "the loader of this system did not load it";
	if (why)
		say_error("a %sprogram that was started with it says: %.*s", who,
			  (int)strcspn(why, "\n"), why);
	else if (status)
		say_error("a %sprogram that was started with it %s", who,
			  status == -ETIMEDOUT	? "does not end"
			  : WIFSIGNALED(status) ? "is killed by a signal"
						: "fails");
	return !why && !status;
}

bool borne_now(const char *preload, const struct trial *before)
{
	return is_borne("", preload, before);
}

/* Whose real user is another than the effective one, is as one with set-user-ID. */
static enum borne rehearse(const struct swap *list, uid_t real)
{
	struct trial before;

	if (real && setresuid(real, (uid_t)-1, (uid_t)-1) < 0)
		return BORNE_UNKNOWN;
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* it has the lock, too */
	if (!borne_before(&before) ||
	    !stage_enter(list->directory, list->draft, list->name))
		return BORNE_UNKNOWN;
	return is_borne(real ? "set-user-ID " : "", "", &before) ? BORNE_WELL
								 : BORNE_NOT;
}

static enum borne rehearse_apart(const struct swap *list, uid_t real)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		_exit((int)rehearse(list, real));
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return BORNE_UNKNOWN;
	return (enum borne)WEXITSTATUS(status);
}

enum borne borne_rehearse(const struct swap *list)
{
	enum borne answer = rehearse_apart(list, 0);

	if (answer == BORNE_WELL && rehearse_apart(list, NOBODY) == BORNE_NOT)
		answer = BORNE_NOT;
	return answer;
}

bool borne_path(char ret_path[PATH_MAX], struct text *why)
{
	struct trial now;
	char *at, *end;
	int status = trial_run(loaded, "", PATIENCE_MS, &now);

	if ((at = strstr(now.noise, NAME))) {
		while (at > now.noise && at[-1] != '\n')
			at--;
		at[strcspn(at, "\n")] = '\0';
		text_str(why, "programs say: ");
		text_str(why, at);
		return false;
	}
	at = status ? NULL : strstr(now.out, OBJECT);
	if (!at) {
		text_str(why, "programs start without it");
		return false;
	}
	end = at + sizeof(OBJECT) - 1;
	while (at > now.out && !strchr(" \t\n", at[-1]))
		at--;
	snprintf(ret_path, PATH_MAX, "%.*s", (int)(end - at), at);
	return trust_file(ret_path, why);
}
