#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every connection that came about is counted once, however it went and ended: as many
as the far end accepted are in the memory, whether they were ours or went plainly. One
that the server reset is no reason for a pause, nor is a single lost SYN."""

import json
import os
import socket
import struct
import sys
import time

import flow
import tfolab
from flow import SERVER4, SERVER6, check

CLIENT = r'''
import ctypes, os, select, signal, socket, sys, time
at, port, mode = sys.argv[1], int(sys.argv[2]), sys.argv[3]
family = socket.AF_INET6 if ":" in at else socket.AF_INET
libc = ctypes.CDLL(None, use_errno=True)

def connect():
    s = socket.socket(family, socket.SOCK_STREAM)
    s.connect((at, port))
    return s

def exchange(s, words=b"hello"):
    s.sendall(words)
    return s.recv(100)

def ask():
    with connect() as s:
        exchange(s)

def reset():
    with connect() as s:
        try:
            exchange(s, b"reset")
        except ConnectionResetError:
            pass

def unread():
    with connect() as s:
        s.sendall(b"hello")

def knock():
    connect().close()

def twins():
    with connect() as s, s.dup() as t:
        exchange(t)
        exchange(s)

def twins_unread():
    with connect() as s, s.dup() as t:
        s.sendall(b"hello")

def twins_reset():
    with connect() as s, s.dup() as t:
        try:
            exchange(s, b"reset")
        except ConnectionResetError:
            pass

def child_reads():
    with connect() as s:
        if os.fork() == 0:
            exchange(s)
            os._exit(0)
        os.wait()

def half():
    with connect() as s:
        s.sendall(b"hello")
        s.shutdown(socket.SHUT_WR)
        s.recv(100)

def polled():
    with socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as s:
        s.connect_ex((at, port))
        select.select([], [s], [])
        s.connect_ex((at, port))
        s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        s.sendall(b"hello")
        select.select([s], [], [])
        s.recv(100)
        s.connect_ex((at, port))

def polled_by_twin():
    with socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as s:
        s.connect_ex((at, port))
        with s.dup() as t:
            while t.connect_ex((at, port)) not in (0, 106):
                time.sleep(0.005)
            t.setblocking(True)
            exchange(t)

def again():
    """One socket, two connections."""
    with connect() as s:
        exchange(s)
        libc.connect(s.fileno(), b"\0" * 16, 16)  # AF_UNSPEC
        s.connect((at, port))
        exchange(s)

def after_refusal():
    with socket.socket(family, socket.SOCK_STREAM) as s:
        s.connect_ex((at, 1))
        s.connect((at, port))
        exchange(s)

def interrupted():
    signal.signal(signal.SIGALRM, lambda *_: None)
    s = socket.socket(family, socket.SOCK_STREAM)
    to = (struct_in6 if ":" in at else struct_in4)()
    signal.setitimer(signal.ITIMER_REAL, 0.005)
    libc.connect(s.fileno(), to, len(to))
    select.select([], [s], [])
    libc.connect(s.fileno(), to, len(to))
    exchange(s)
    s.close()

def struct_in4():
    return (socket.AF_INET.to_bytes(2, "little") + port.to_bytes(2, "big")
            + socket.inet_aton(at) + bytes(8))

def struct_in6():
    return (socket.AF_INET6.to_bytes(2, "little") + port.to_bytes(2, "big") + bytes(4)
            + socket.inet_pton(socket.AF_INET6, at) + bytes(4))

def datagrams():
    for _ in range(5):
        with socket.socket(family, socket.SOCK_DGRAM) as s:
            s.connect((at, port))

def ends():
    global kept
    kept = connect()
    exchange(kept)
    kept = [kept, connect()]
    kept[1].sendall(b"hello")

def within():
    """This host, more than are ours; then children with few, that end in every way."""
    with socket.create_server((at, port), family=family, backlog=1000) as server:
        for _ in range(1060):
            with connect():
                server.accept()[0].close()
        for way in range(20):
            if os.fork() == 0:
                for _ in range(3):
                    with connect():
                        server.accept()[0].close()
                (sys.exit, os._exit, libc.quick_exit, lambda _: os.abort())[way % 4](0)
            os.wait()

globals()[mode]()
'''
MODES = ("ask", "reset", "unread", "knock", "twins", "twins_unread", "twins_reset",
         "child_reads", "half", "polled", "polled_by_twin", "again", "after_refusal",
         "interrupted", "datagrams", "ends")
TOTAL = 64  # where the file of counters has outcomes and reasons
RULES = {"ours": "[connect *]\nbaseline = off\n", "plain": "[connect *]\ntfo = off\n",
         "compared": "[connect *]\nbaseline = 1/1\n"}
RULES.update(refused=RULES["ours"], dropped=RULES["ours"])
FAULTS = {"refused": "rst-syn-data", "dropped": "drop-syn-data"}


def answer(conn, seen):
    """"pong" to all but who asks for a reset."""
    while True:
        got = conn.recv(1000)
        seen.data += got
        if not got:
            return
        if got == b"reset":
            time.sleep(2 * flow.RTT / 1000)
            conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        conn.sendall(b"pong")


def counted(at, port, state):
    place = f"[{at}]:{port}" if ":" in at else f"{at}:{port}"
    done = flow.run([os.environ["TFO"], "explain", "--json", "connect", place],
                    TFOSHIM_STATE=state)
    memory = json.loads(done.out)[0]["memory"]
    reasons = {word: n for word, n in memory["reasons"].items() if n}
    return sum(memory["outcomes"].values()), reasons, memory["pause"]


def total(state):
    """Of all destinations and programs: nobody but the file tells it yet."""
    with open(os.path.join(state, "traffic.2"), "rb") as traffic:
        return sum(struct.unpack_from("<96Q", traffic.read(), TOTAL))


def within():
    """This host: most are declined, and added up before they are written down."""
    for at in ("127.0.0.1", "::1"):
        state = flow.scratch()
        flow.run(["ip", "link", "set", "lo", "up"])
        done = flow.run([sys.executable, "-c", CLIENT, at, 4000, "within"], state,
                        timeout=20)
        check(f"within-{at}", done.code == 0 and total(state) == 1120,
              f"{total(state)} counted of 1120 {done.err[-200:]}")


class Unit:
    """A client of one kind, its server, and a memory where that is known."""

    def __init__(self, rule, at, mode, policy):
        self.name = f"{rule}-ipv{6 if ':' in at else 4}-{mode}"
        self.at, self.mode, self.policy = at, mode, policy
        self.server, self.state = flow.Service(answer), flow.scratch()
        ours = flow.policy(RULES["ours"])
        for _ in range(20 if rule == "compared" else 3):
            self.client("ask", ours)
        self.server.wait(len(self.server.seen))
        self.before = self.figures()

    def client(self, mode, policy):
        return flow.run([sys.executable, "-c", CLIENT, self.at, self.server.port, mode],
                        self.state, TFOSHIM_POLICY=policy, timeout=15)

    def figures(self):
        known, *more = counted(self.at, self.server.port, self.state)
        return len(self.server.seen), known, total(self.state), *more

    def go(self):
        done = self.client(self.mode, self.policy)
        time.sleep(0.1)
        after = self.figures()
        self.server.stop()
        came, known, all_in_all = (b - a for a, b in zip(self.before[:3], after))
        wanted = {"datagrams": 0, "again": 2, "ends": 2}.get(self.mode, 1)
        check(self.name, done.code == 0 and came == known == all_in_all == wanted
              and self.before[0] == self.before[1]
              and (not after[4] or self.mode in ("again", "ends")),
              f"{known} counted of {came}, in all {all_in_all}; {after[3]}, "
              f"pause {after[4]} {done.err[-200:]}")


def story():
    if "TFO" not in os.environ:
        flow.cannot("there is no tfo to ask")
    for k, (rule, text) in enumerate(RULES.items()):
        policy = flow.policy(text)
        units = flow.together(lambda work: Unit(rule, *work, policy), [
            (SERVER6 if (i + k) % 2 else SERVER4, mode) for i, mode in enumerate(MODES)], 8)
        if rule in FAULTS:
            tfolab.fault(FAULTS[rule])
        tfolab.reset()
        flow.together(Unit.go, units, 8)
        if rule in FAULTS:
            hit = tfolab.counters()[f"c2s_{rule}_by_{FAULTS[rule]}"]
            check(f"{rule}-was-so", hit >= len(units) // 2, f"{hit} SYNs")
            tfolab.clear()
    within()


if __name__ == "__main__":
    flow.main(story, delay=20, limit=300)
