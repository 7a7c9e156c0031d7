# SPDX-License-Identifier: MIT
"""What the lab's self-test is made with: a server that keeps what it was sent, a client
that tells how a connection went, and words for what is wanted of them."""

import hashlib
import json
import os
import select
import socket
import struct
import subprocess
import sys
import threading
import time

import tfolab

SELFTEST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "selftest")
PORT, BULK_PORT, DATAGRAM_PORT = 5000, 5001, 5002
RTT = 60  # long, so that one is told from two on a busy machine
DATA = b"hello\n"
CHECKS = {}


def check(alone=False, once=False):
    """Registers a check; alone: nothing else runs beside it; once: needs no family."""
    def register(function):
        name = function.__name__.replace("_", "-")
        CHECKS[name] = (function, alone, once)
        return function
    return register


def equal(what, got, wanted):
    if got != wanted:
        raise AssertionError(f"{what}: {got!r}, wanted {wanted!r}")


def between(what, got, least, most):
    if not least <= got <= most:
        raise AssertionError(f"{what}: {got:.3f}, wanted {least} to {most}")


class TooLate(AssertionError):
    """What a busy machine may cause: such a check may be made again."""


def milliseconds(what, got, least, most):
    if got > most:
        raise TooLate(f"{what}: {got:.3f} ms, wanted {least} to {most}")
    between(what + " ms", got, least, most)


# The server: answers the first line of each connection by "R", keeps what it was sent.

def serve_line(conn, received, entry):
    with conn:
        while True:
            got = conn.recv(65536)
            if not got:
                return
            if not entry:
                received.append(entry)
            entry += got
            if entry.endswith(b"\n"):
                conn.sendall(b"R")


def serve_bulk(conn):
    digest = hashlib.sha256()
    with conn:
        while got := conn.recv(1 << 20):
            digest.update(got)
        conn.sendall(digest.digest())


def accept_all(port, handler):
    listener = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, tfolab.TCP_FASTOPEN, 256)
    listener.bind(("::", port))
    listener.listen(4096)

    def handle(conn):
        try:
            handler(conn)
        except OSError:
            pass

    def loop():
        while True:
            conn, _ = listener.accept()
            threading.Thread(target=handle, args=(conn,), daemon=True).start()

    threading.Thread(target=loop, daemon=True).start()


def serve():
    received, datagrams = [], [0, 0]
    accept_all(PORT, lambda conn: serve_line(conn, received, bytearray()))
    accept_all(BULK_PORT, serve_bulk)
    udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    udp.bind(("::", DATAGRAM_PORT))

    def count():
        last = -1
        while True:
            number = int(udp.recv(2048))
            datagrams[0] += 1
            datagrams[1] += number < last
            last = number

    threading.Thread(target=count, daemon=True).start()
    print("ready", flush=True)
    for _ in sys.stdin:
        print(json.dumps([[bytes(e).decode() for e in received], *datagrams]),
              flush=True)
        received.clear()


class Bench:
    """One lab, one address family, and the server at the other end of the wire."""

    def __init__(self, family):
        six = family == "v6"
        self.family = socket.AF_INET6 if six else socket.AF_INET
        self.client = tfolab.CLIENT6 if six else tfolab.CLIENT4
        self.near = tfolab.SERVER6 if six else tfolab.SERVER4
        self.other = tfolab.OTHER6 if six else tfolab.OTHER4
        self.headers = (40 if six else 20) + 32
        self.process = tfolab.server(
            [sys.executable, SELFTEST, "serve"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        equal("server", self.process.stdout.readline(), "ready\n")

    def received(self):
        """What each connection has sent since the last call; the numbers of datagrams,
        and of those that came out of order, since ever."""
        self.process.stdin.write("?\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def socket(self, seconds=8):
        sock = socket.socket(self.family, socket.SOCK_STREAM)
        limit = struct.pack("ll", seconds, 0)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        return sock

    def ask(self, to=None, plain=False, sock=None):
        """One request: milliseconds, TCP_INFO, errno or 0."""
        sock = sock or self.socket()
        address = (to or self.near, PORT)
        failed = 0
        with sock:
            start = time.monotonic()
            try:
                if plain:
                    sock.connect(address)
                    sock.sendall(DATA)
                else:
                    sock.sendto(DATA, tfolab.MSG_FASTOPEN, address)
                equal("reply", sock.recv(10), b"R")
            except OSError as error:
                failed = error.errno
            took = (time.monotonic() - start) * 1000
            info = tfolab.tcp_info(sock)
        return took, info, failed

    def dial(self, data=None):
        """Starts to connect and does not wait; returns the socket."""
        sock = socket.socket(self.family, socket.SOCK_STREAM)
        sock.setblocking(False)
        try:
            if data:
                equal("sent", sock.sendto(data, tfolab.MSG_FASTOPEN,
                                          (self.near, PORT)), len(data))
            else:
                sock.connect((self.near, PORT))
        except BlockingIOError:
            pass
        return sock

    def learn(self, to=None):
        """A first contact: request and cookie."""
        _, info, failed = self.ask(to)
        equal("first contact", (failed, info["cfail"], info["total_retrans"]),
              (0, "COOKIE_UNAVAILABLE", 0))

    def fine(self, to=None):
        """A connection that opens with its data, undisturbed."""
        took, info, failed = self.ask(to)
        equal("undisturbed", (failed, info["syn_data_acked"], info["cfail"]),
              (0, True, "UNSPEC"))
        milliseconds("undisturbed", took, RTT, RTT * 1.9)

    def start(self):
        """A cookie, a connection without faults, counters at zero."""
        self.learn()
        self.fine()
        self.settle()

    def settle(self):
        """Lets the last packets pass, then forgets them all."""
        time.sleep(RTT * 3 / 1000)
        tfolab.reset()
        self.received()

    def moved(self, **wanted):
        counters = tfolab.counters()
        names = {name.replace("-", "_"): name for name in counters}
        equal("counters", {name: counters[names[name]] for name in wanted}, wanted)

    def once(self, count=1):
        equal("received", self.received()[0], [DATA.decode()] * count)


def late(what, result, cfail, retrans=None):
    took, info, failed = result
    equal(what, (failed, info["syn_data_acked"], info["cfail"]), (0, False, cfail))
    milliseconds(what, took, 1000, 1900)
    if retrans is not None:
        equal(what + " retransmissions", info["total_retrans"], retrans)


def harmless(what, result, cfail):
    took, info, failed = result
    equal(what, (failed, info["syn_data_acked"], info["cfail"], info["total_retrans"]),
          (0, False, cfail, int(cfail == "DATA_NOT_ACKED")))
    milliseconds(what, took, RTT * 2, RTT * 3.5)


def waits(sock, seconds):
    """True when the connection is not made within so long."""
    return not select.select([], [sock], [], seconds)[1]


def datagrams(bench, count):
    before = bench.received()[1]
    with socket.socket(bench.family, socket.SOCK_DGRAM) as udp:
        for i in range(count):
            udp.sendto(b"%d" % i, (bench.near, DATAGRAM_PORT))
            if i % 10 == 9:
                time.sleep(0.004)
    time.sleep(0.2)
    return bench.received()[1] - before
