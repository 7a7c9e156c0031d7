# SPDX-License-Identifier: MIT
"""Lines to the server and back, blocking, with a timeout, through a file."""
import socket

for timeout in (None, 5):
    sock = socket.create_connection(("192.0.2.2", 7100), timeout)
    sock.sendall(b"one\ntwo\n")
    got = sock.makefile("rb")
    print(got.readline(), got.readline(), sock.getpeername())
    sock.shutdown(socket.SHUT_WR)
    print(got.read())
    sock.close()
with socket.create_connection(("192.0.2.2", 7100)) as sock:
    out = sock.makefile("w", encoding="ascii")
    out.write("three\n")
    out.flush()
    print(sock.makefile().readline())
