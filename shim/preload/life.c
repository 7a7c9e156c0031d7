/* SPDX-License-Identifier: MIT */
/* life: constructor, environment, fork, exec, exit; see life.h. */
#include "preload/life.h"

#include <sys/auxv.h>

#include "core/clock.h"
#include "core/live.h"
#include "core/log.h"
#include "core/self.h"
#include "core/text.h"
#include "preload/book.h"
#include "preload/client.h"
#include "preload/death.h"
#include "preload/debt.h"
#include "preload/linger.h"
#include "preload/listener.h"
#include "preload/state.h"
#include "preload/thread.h"
#include "preload/unclosed.h"
#include "preload/watchdog.h"

/* An empty one is as good as none: `-e TFOSHIM_LOG=` is how a container takes it back.
 */
static const char *setting(char **environment, const char *name)
{
	for (; environment && *environment; environment++) {
		const char *rest = text_behind(*environment, name);

		if (rest && *rest == '=')
			return rest[1] ? rest + 1 : NULL;
	}
	return NULL;
}

static unsigned long auxiliary(unsigned long type, unsigned long otherwise)
{
	__typeof__(&getauxval) ask = (__typeof__(ask))real_find("getauxval");

	return ask ? ask(type) : otherwise;
}

static void start(char **environment)
{
	const char *off = setting(environment, "TFOSHIM_OFF");
	const char *log = setting(environment, "TFOSHIM_LOG");
	static atomic_flag said = ATOMIC_FLAG_INIT;

	/* As secure_getenv(3): a setuid program takes nothing from its caller. */
	if (auxiliary(AT_SECURE, 1))
		environment = NULL, log = off = NULL;
	if (off && !text_same(off, "0"))
		return;
	self_find();
	log_begin();
	if (log && !log_open(log)) {
		log_open("error");
		log_once(&said, LOG_ERROR, "setting",
			 "TFOSHIM_LOG is not off, error, info or debug with an "
			 "optional ,json and :PATH, logging errors to stderr");
	}
	clock_setup(auxiliary(AT_SYSINFO_EHDR, 0));
	state_setup(setting(environment, "TFOSHIM_STATE"),
		    setting(environment, "XDG_RUNTIME_DIR"));
	live_setup(setting(environment, "TFOSHIM_POLICY"));
	live_begin();
	book_setup(setting(environment, "TFOSHIM_LEAKS"));
	unclosed_setup();
	client_switch(true);
	listener_switch(true);
}

/* glibc hands (argc, argv, envp) to constructors, musl nothing: there environ is set by
 * then. */
__attribute__((constructor)) static void born(int argc, char **argv, char **envp)
{
	char **environment = real_environment();

	(void)argc;
	(void)argv;
	if (real_has_libc())
		start(environment || real_is_musl() ? environment : envp);
}

__attribute__((destructor)) static void dies(void)
{
	life_at_end();
	unclosed_at_unload();
}

void life_before_fork(void)
{
	debt_pay_all();
	death_shared_by_fork();
}

void life_after_fork(pid_t r)
{
	if (r != 0)
		return;
	linger_drop();
	live_after_fork();
	book_after_fork();
	watchdog_after_fork();
	death_copied_by_fork();
}

void life_before_spawn(void)
{
	debt_pay_all();
	debt_settle_inherited();
	death_shared_by_fork();
}

void life_before_passing(void)
{
	debt_pay_all();
	death_shared_by_fork();
}

void life_before_exec(void)
{
	debt_settle_inherited();
	death_by_exec();
}

void life_before_exit(void)
{
	if (!thread_is_vfork_child())
		death_is_near();
}

void life_before_sudden_end(void)
{
	if (!thread_is_vfork_child())
		death_is_sudden();
}

void life_at_end(void)
{
	if (!thread_is_vfork_child())
		death_of_process();
}

void life_on_our_memory(void)
{
	if (client_is_on() || atomic_load(&slot_pending) || book_is_kept())
		thread_vfork();
}

void *life_vfork(void)
{
	life_before_spawn();
	life_on_our_memory();
	return real_get(HOOK_vfork);
}
