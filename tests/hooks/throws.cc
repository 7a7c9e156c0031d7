// SPDX-License-Identifier: MIT
// throws: exceptions pass as ever with the object in front, and a thread cancelled in a
// blocking call behind a hook destroys what stands on its stack.
#include <cstdio>
#include <pthread.h>
#include <stdexcept>
#include <unistd.h>

struct Witness {
	const char *name;
	~Witness() { std::printf("%s is destroyed\n", name); }
};

static int ends[2];

static void *sleeper(void *)
{
	Witness w{"the sleeper's witness"};
	char c;

	std::printf("read returned %ld\n", static_cast<long>(read(ends[0], &c, 1)));
	return nullptr;
}

int main()
{
	pthread_t thread;
	void *ret = nullptr;

	try {
		Witness w{"the thrower's witness"};

		if (write(-1, "", 1) < 0)
			throw std::runtime_error("thrown");
	} catch (const std::exception &e) {
		std::printf("caught: %s\n", e.what());
	}
	if (pipe(ends) || pthread_create(&thread, nullptr, sleeper, nullptr))
		return 1;
	usleep(30000);
	pthread_cancel(thread);
	pthread_join(thread, &ret);
	std::printf("cancelled: %d\n", ret == PTHREAD_CANCELED);
}
