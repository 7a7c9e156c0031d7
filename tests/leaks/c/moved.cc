// SPDX-License-Identifier: MIT
//
// unique_ptr-like ownership, and release() where reset() was meant. The function that
// opens is a template's method: its name is long.
//
// leaky: 2 socket CLOSE by Dialer<4>::dial from use
//
#include <utility>
extern "C" {
#include "leak.h"
}

namespace
{

class Socket
{
	int fd = -1;

      public:
	explicit Socket(int given) : fd(given)
	{
	}
	Socket(Socket &&other) : fd(other.release())
	{
	}
	~Socket()
	{
		reset();
	}
	int release()
	{
		return std::exchange(fd, -1);
	}
	void reset()
	{
		int was = release();

		if (was >= 0)
			close(was);
	}
};

template <int version> struct Dialer {
	FRAME Socket dial()
	{
		int family = version == 4 ? AF_INET : AF_INET6;
		Socket opened(socket(family, SOCK_STREAM, 0)); // LEAK

		return opened;
	}
};

FRAME void use()
{
	Dialer<4> dialer;
	Socket owned(dialer.dial());

	if (leaky)
		owned.release();
}

} // namespace

int main(int argc, char **argv)
{
	begin(argc, argv);
	use();
	use();
	ready();
	return 0;
}
