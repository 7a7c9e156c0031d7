/* SPDX-License-Identifier: MIT */
/*
 * A library loaded by dlopen() leaks and is gone by dlclose(), before anybody looks;
 * its place in memory is given to others.
 *
 * leaky: 2 socket CLOSE by library_open from library_ask from use_plugin
 * libs: -ldl
 * library: loaded
 */
#include <dlfcn.h>
#include "leak.h"
#include "library.h"

FRAME static void use_plugin(const char *path, const struct sockaddr_in *to)
{
	void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	bool (*ask)(const struct sockaddr_in *, bool);

	if (!plugin)
		errx(1, "%s", dlerror());
	*(void **)&ask = dlsym(plugin, "library_ask");
	for (int i = 0; i < 2; i++)
		if (ask(to, leaky))
			errx(1, "somebody answers there");
	dlclose(plugin);
	if (dlopen(path, RTLD_NOW | RTLD_NOLOAD))
		errx(1, "%s is still there", path);
	if (!dlopen("libm.so.6", RTLD_NOW))
		errx(1, "%s", dlerror());
}

int main(int argc, char **argv)
{
	struct sockaddr_in down = nobody_there();
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 8);

	begin(argc, argv);
	if (n < 0)
		err(1, "readlink");
	strcpy(path + n, ".so"); /* it lies beside the program */
	use_plugin(path, &down);
	ready();
	return 0;
}
