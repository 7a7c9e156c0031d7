# SPDX-License-Identifier: MIT
"""A client keeps the errors of its failed requests, for the statistics. An exception keeps
its traceback, that the frames, those their sockets: none of them is ever collected, until
the interpreter ends and takes everything along.

leaky: 4 socket CLOSE
exits: clean
"""
import socket

import leak

errors = []


def ask(to):
    sock = socket.socket()
    sock.connect(to)
    sock.close()


def ask_with(to):
    with socket.socket() as sock:
        sock.connect(to)


for _ in range(4):
    try:
        (ask if leak.leaky else ask_with)(leak.nobody_there())
    except ConnectionRefusedError as error:
        errors.append(error)
leak.ready()
