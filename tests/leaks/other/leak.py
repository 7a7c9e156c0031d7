# SPDX-License-Identifier: MIT
"""What the Python programs share: shall they forget, an address that refuses, waiting to be
looked at."""
import signal
import socket
import sys

leaky = sys.argv[1] == "leaky"
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


def nobody_there():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()


def ready():
    print("ready", flush=True)
    sys.stdin.readline()
