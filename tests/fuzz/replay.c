/* SPDX-License-Identifier: MIT */
/*
 * replay: a fuzzer without libFuzzer: over the files of its corpus, each at its full
 * length and cut in half.  replay_NAME [FILE...]
 */
#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

#define SECONDS 120 /* a hang is a failure */

static unsigned int replayed;

static void run(const uint8_t *bytes, size_t n)
{
	uint8_t *own = malloc(n ? n : 1); /* ends where the input does */

	MUST(own);
	if (n)
		memcpy(own, bytes, n);
	LLVMFuzzerTestOneInput(own, n);
	free(own);
}

static void run_file(const char *path)
{
	static uint8_t bytes[1 << 20];
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	n = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	fprintf(stderr, "# %s\n", path); /* the last one is who did it */
	run(bytes, n);
	run(bytes, n / 2);
	replayed++;
}

static void run_folder(const char *folder)
{
	DIR *d = opendir(folder);
	const struct dirent *e;
	char path[4096];

	if (!d) {
		perror(folder);
		exit(EXIT_FAILURE);
	}
	while ((e = readdir(d))) {
		if (*e->d_name == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		run_file(path);
	}
	closedir(d);
}

int main(int argc, char **argv)
{
	const char *source = getenv("SRC"), *name = strstr(argv[0], "replay_");
	char folder[2048];

	alarm(SECONDS);
	run(NULL, 0);
	for (int i = 1; i < argc; i++)
		run_file(argv[i]);
	if (argc > 1)
		return EXIT_SUCCESS;
	snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s",
		 source ? source : ".", name ? name + strlen("replay_") : "");
	run_folder(folder);
	printf("# %u files\n", replayed);
	return replayed ? EXIT_SUCCESS : EXIT_FAILURE;
}
