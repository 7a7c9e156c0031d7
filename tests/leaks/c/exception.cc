// SPDX-License-Identifier: MIT
//
// An exception flies past close(). The twin's socket is owned by an object.
//
// leaky: 3 socket CLOSE by open_connection from query
//
#include <stdexcept>
extern "C" {
#include "leak.h"
}

namespace
{

struct Owner {
	int fd;

	~Owner()
	{
		close(fd);
	}
};

FRAME int open_connection()
{
	int fd = socket(AF_INET, SOCK_STREAM, 0); // LEAK

	if (fd < 0)
		throw std::runtime_error("socket");
	return fd;
}

FRAME void ask(int fd, const sockaddr_in &to)
{
	if (connect(fd, reinterpret_cast<const sockaddr *>(&to), sizeof(to)))
		throw std::runtime_error("nobody there");
}

FRAME void query(const sockaddr_in &to)
{
	int fd = open_connection();

	ask(fd, to);
	close(fd);
}

FRAME void query_as_owner(const sockaddr_in &to)
{
	Owner owned{ open_connection() };

	ask(owned.fd, to);
}

} // namespace

int main(int argc, char **argv)
{
	sockaddr_in down = nobody_there();

	begin(argc, argv);
	for (int i = 0; i < 3; i++) {
		try {
			leaky ? query(down) : query_as_owner(down);
		} catch (const std::runtime_error &) {
		}
	}
	ready();
	return 0;
}
