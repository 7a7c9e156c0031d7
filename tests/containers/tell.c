/* SPDX-License-Identifier: MIT */
/*
 * tell WORD...: what a program sees of how it was started, where there is no shell to
 * ask; then it ends with 7. tell wait: until TERM (42); USR1 is told.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;
static volatile sig_atomic_t told, ended;

static void on_signal(int number)
{
	*(number == SIGTERM ? &ended : &told) = 1;
}

static int wait_for_signals(void)
{
	struct sigaction how = { .sa_handler = on_signal };

	sigaction(SIGTERM, &how, NULL);
	sigaction(SIGUSR1, &how, NULL);
	puts("ready");
	fflush(stdout);
	while (!ended)
		usleep(10000);
	puts(told ? "told" : "not told");
	return 42;
}

static void tell_signals(void)
{
	struct sigaction how;
	sigset_t blocked;

	sigprocmask(SIG_BLOCK, NULL, &blocked);
	for (int i = 1; i < 65; i++)
		if (!sigaction(i, NULL, &how))
			printf("signal %d: %d %d\n", i, how.sa_handler == SIG_IGN,
			       sigismember(&blocked, i));
}

int main(int argc, char **argv)
{
	char line[256] = "", here[4096] = "";
	mode_t mask = umask(0);

	if (argc > 1 && !strcmp(argv[1], "wait"))
		return wait_for_signals();
	for (int i = 0; i < argc; i++)
		printf("<%s>\n", argv[i]);
	for (char **e = environ; *e; e++)
		puts(*e);
	printf("process %d of %d, user %u:%u, mask %o, in %s\n", getpid(), getppid(),
	       getuid(), getgid(), mask, getcwd(here, sizeof(here)));
	for (int fd = 0; fd < 64; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf("descriptor %d: %x %x\n", fd, fcntl(fd, F_GETFD),
			       fcntl(fd, F_GETFL));
	tell_signals();
	if (fgets(line, sizeof(line), stdin))
		printf("read %s", line);
	fputs("err\n", stderr);
	return 7;
}
