# SPDX-License-Identifier: MIT
"""A server accepts, detaches the descriptor for somebody else, who has gone home; and a copy
by os.dup() nobody asks for.

leaky: 3 accept CLOSE_WAIT
leaky: 1 dup CLOSE_WAIT
"""
import os
import socket

import leak


def hand_over(conn):
    number = conn.detach()
    if not leak.leaky:
        os.close(number)


with socket.create_server(("127.0.0.1", 0)) as listener:
    for turn in range(3):
        with socket.create_connection(listener.getsockname()):
            accepted, _ = listener.accept()
            if turn == 0:
                copy = os.dup(accepted.fileno())
                if not leak.leaky:
                    os.close(copy)
            hand_over(accepted)
leak.ready()
