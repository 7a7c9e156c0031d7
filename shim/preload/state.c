/* SPDX-License-Identifier: MIT */
/* state: this process's mappings of shared files; see state.h. */
#include "preload/state.h"

#include <errno.h>

#include "core/log.h"
#include "core/share.h"
#include "core/sys.h"

static char directory[256]; /* a program may write over its environment */

void state_setup(const char *state, const char *runtime_dir)
{
	struct text t = { directory, 0, sizeof(directory) };

	if (!share_directory(&t, state, runtime_dir))
		directory[0] = '\0';
}

const char *state_directory(void)
{
	return directory;
}

static void *map(const struct state_file *f)
{
	static atomic_flag said = ATOMIC_FLAG_INIT;
	void *at = NULL;
	int err = -ENOENT;

	if (directory[0])
		err = share_map(directory, f->name, f->bytes, &at);
	if (!err && f->ready(at))
		return at;
	log_once(&said, LOG_ERROR, "state",
		 "the state directory cannot be used, learning in this process only");
	if (share_private(f->bytes, &at))
		return NULL;
	f->ready(at);
	return at;
}

/* Somebody truncated the file under the mapping: a touch would be SIGBUS. */
static bool is_gone(const struct state_file *f, const char *at)
{
	return !sys_is_there(at + f->bytes - 12);
}

static void *map_again(struct state_file *f, void *was)
{
	static atomic_flag said = ATOMIC_FLAG_INIT;
	void *at = NULL;

	if (!was)
		at = map(f);
	else if (share_private(f->bytes, &at))
		return NULL;
	else
		log_once(&said, LOG_ERROR, "state",
			 "a state file was truncated, learning in this process only");
	if (at && !atomic_compare_exchange_strong(&f->at, &was, at)) {
		sys2(SYS_munmap, at, f->bytes);
		return was; /* another thread was faster */
	}
	return at;
}

void *state_of(struct state_file *f)
{
	void *at = atomic_load_explicit(&f->at, memory_order_acquire);

	return at && !is_gone(f, at) ? at : map_again(f, at);
}
