#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each process that takes part has a row of its own, from its first connection or
listener to its end: what it did, on how many sockets it listens, and why it stands aside.
Also what else is counted there: how old cookies were, and closes that failed."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import flow
from flow import SERVER4, check

CLIENT = r'''
import ctypes, os, socket, sys, time
at, port, case = sys.argv[1], int(sys.argv[2]), sys.argv[3]
libc = ctypes.CDLL(None, use_errno=True)
FORK = {"x86_64": (57,), "aarch64": (220, 17, 0, 0, 0, 0)}[os.uname().machine]

def ask(count=1):
    for _ in range(count):
        with socket.create_connection((at, port)) as s:
            s.sendall(b"hello")
            s.recv(100)

def stay(word="ready"):
    print(word, os.getpid(), flush=True)
    sys.stdin.readline()

def asks():
    ask(3)
    stay()

def nothing():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect((at, port))
    stay()

def listens():
    all = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
    all.pop().close()
    stay()

def execs():
    ask(2)
    os.execv(sys.executable, [sys.executable, "-c", sys.orig_argv[2], at, str(port),
                              "asks"])

def exec_fails():
    ask(2)
    try:
        os.execv("/nowhere", ["nowhere"])
    except OSError:
        ask(4)
    stay()

def forks():
    ask(2)
    if os.fork() == 0:
        ask(5)
        stay("child")
        os._exit(0)
    time.sleep(0.5)
    stay()

def raw_forks():
    ask(2)
    if libc.syscall(*FORK) == 0:
        ask(5)
        stay("child")
        os._exit(0)
    time.sleep(0.5)
    stay()

def threads():
    import threading
    all = [threading.Thread(target=ask) for _ in range(20)]
    for t in all: t.start()
    for t in all: t.join()
    stay()

def at_once():
    """Which of them is the first nobody knows."""
    import threading
    ready = threading.Barrier(16)
    def one():
        ready.wait()
        ask()
    all = [threading.Thread(target=one) for _ in range(16)]
    for t in all: t.start()
    for t in all: t.join()
    stay()

class Program(ctypes.Structure):
    _fields_ = [("n", ctypes.c_ushort), ("code", ctypes.c_void_p)]

def cage():
    """A filter that admits all."""
    code = ctypes.create_string_buffer(b"\x06\0\0\0\0\0\xff\x7f", 8)
    filter = Program(1, ctypes.cast(code, ctypes.c_void_p))
    libc.prctl(38, 1, 0, 0, 0)
    if libc.prctl(22, 2, ctypes.byref(filter), 0, 0):
        print("cannot", flush=True)
        sys.exit(0)

def seccomp():
    ask(2)
    cage()
    ask(1)
    stay()

def seccomp_first():
    cage()
    ask(1)
    stay()

def ring():
    ask(2)
    libc.syscall(425, 8, ctypes.create_string_buffer(120))
    stay()

def policy():
    ask(1)
    stay()
    ask(1)
    stay()

def closes():
    ask(1)
    sockets = [socket.socket().detach() for _ in range(20)]
    for fd in sockets:
        os.close(fd)
    for fd in (sockets[3], sockets[9]):
        try: os.close(fd)
        except OSError: pass
        time.sleep(0.01)

def sweeps():
    ask(1)
    sockets = [socket.socket().detach() for _ in range(20)]
    for fd in sockets * 2:
        try: os.close(fd)
        except OSError: pass

globals()[case]()
'''
OURS = "[connect *]\nbaseline = off\n"


def told(state):
    path = os.path.join(state, "traffic.2")
    if not os.path.exists(path):
        return {"guests": []}
    return json.loads(flow.run([flow.peer("told"), path]).out)


def total(row):
    return sum(row["counts"].values())


class Client:
    """One that stays until it is told to go on."""

    def __init__(self, service, case, state=None, before=(), **env):
        self.state = state or flow.scratch()
        self.words = [*before, sys.executable, "-c", CLIENT, SERVER4, service.port, case]
        self.process = flow.start(
            self.words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=flow.environment(self.state, **env))
        self.ready()

    def ready(self):
        self.said = self.process.stdout.readline().decode().split()

    def rows(self, pid=None):
        return [g for g in told(self.state)["guests"]
                if g["pid"] == (pid or self.process.pid)]

    def goes_on(self):
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        self.ready()

    def end(self):
        self.process.stdin.close()
        self.process.wait()
        return told(self.state)["guests"]


def rows(service):
    """case: connections in the row of the process itself"""
    for case, wanted in {"asks": 3, "execs": 3, "exec_fails": 4, "threads": 20}.items():
        client = Client(service, case)
        seen = client.rows()
        check(f"row-{case}", len(seen) == 1 and total(seen[0]) == wanted and
              seen[0]["name"].startswith("python"), f"{seen}")
        left = client.end()
        check(f"row-{case}-is-given-back", not left, f"{left}")
    lost = []
    for _ in range(25):
        client = Client(service, "at_once")
        seen = [total(row) for row in client.rows()]
        if seen != [16] or client.end():
            lost.append(seen)
    check("row-at-once", not lost, f"{lost}")
    client = Client(service, "nothing")
    there = os.path.exists(os.path.join(client.state, "traffic.2"))
    check("no-tcp-no-row", not there and client.said, f"{client.said}")
    client.end()


def children(service):
    for case in ("forks", "raw_forks"):
        client = Client(service, case)
        word, pid = client.said
        client.ready()
        seen = told(client.state)["guests"]
        by_pid = {g["pid"]: total(g) for g in seen}
        check(case, word == "child" and by_pid == {client.process.pid: 2, int(pid): 5},
              f"{by_pid}")
        client.end()


def listeners(service):
    client = Client(service, "listens")
    seen = client.rows()
    check("listeners", len(seen) == 1 and seen[0]["listeners"] == 2, f"{seen}")
    client.end()
    off = Client(service, "listens", TFOSHIM_POLICY=flow.policy("[listen *]\ntfo = off\n"))
    seen = off.rows()
    check("listeners-off", not any(g["listeners"] for g in seen), f"{seen}")
    off.end()


def aside(service):
    for case, word, wanted in (("seccomp", "seccomp", 2), ("seccomp_first", "seccomp", 0),
                               ("ring", "io_uring", 2)):
        client = Client(service, case)
        seen = client.rows()
        if client.said == ["cannot"]:
            flow.skip(case, "no filter can be set here")
            continue
        check(f"aside-{case}", len(seen) == 1 and seen[0]["aside"] == word and
              total(seen[0]) == wanted, f"{seen}")
        client.end()
    path = flow.policy("[connect *]\nbaseline = of\n")
    client = Client(service, "policy", TFOSHIM_POLICY=path)
    seen = client.rows()
    check("aside-policy", len(seen) == 1 and seen[0]["aside"] == "policy" and
          total(seen[0]) == 0, f"{seen}")
    flow.put(path, OURS)
    time.sleep(1.1)
    client.goes_on()
    seen = client.rows()
    check("aside-no-longer", len(seen) == 1 and seen[0]["aside"] == "takes_part" and
          total(seen[0]) == 1, f"{seen}")
    client.end()


def killed(service):
    """Its row stays until another needs the place; who has the same number is another."""
    client = Client(service, "asks")
    flow.end(client.process)
    seen = client.rows()
    check("killed-stays", len(seen) == 1 and total(seen[0]) == 3, f"{seen}")
    own = os.stat("/proc/self/ns/pid").st_ino
    check("namespace", seen and seen[0]["pid_space"] == own, f"{own}")
    if not shutil.which("unshare") or os.geteuid():
        flow.skip("container", "no other pid namespace is to be had")
        return
    inner = Client(service, "asks", client.state,
                   before=("unshare", "--pid", "--fork", "--kill-child"))
    seen = inner.rows(int(inner.said[1]))
    check("container", len(seen) == 1 and seen[0]["pid_space"] != own and
          inner.said[1] == "1", f"{seen}")
    inner.end()


def cookies(service):
    """Its age is counted where it is known; by who asked for it, or another."""
    state = flow.scratch()
    words = [flow.peer("request"), "blocking", SERVER4, service.port]
    flow.run(words, state)
    first = told(state)
    time.sleep(2.1)
    flow.run(words, state)
    second = told(state)
    asked = first["all"]["counts"].get("cookie_requested/none", 0)
    check("cookie-asked", asked == 1 and sum(first["ages"]["buckets"]) == 0,
          f"{first['all']}")
    check("cookie-age", sum(second["ages"]["buckets"]) == 1 and
          2 <= second["ages"]["sum"] <= 5 and second["ages"]["buckets"][1] == 1,
          f"{second['ages']}")
    flow.run(words, flow.scratch())
    fresh = flow.scratch()
    flow.run(words, fresh)  # nobody knows since when it has this one
    check("cookie-of-unknown-age", sum(told(fresh)["ages"]["buckets"]) == 0,
          f"{told(fresh)['ages']}")


def closes(service):
    for case, wanted in (("closes", [0, 0, 2]), ("sweeps", [0, 0, 0])):
        state = flow.scratch()
        done = flow.run([sys.executable, "-c", CLIENT, SERVER4, service.port, case], state)
        got = told(state)["close_errors"]
        check(f"close-errors-{case}", done.code == 0 and got == wanted,
              f"{got} {done.err[-200:]}")


def story():
    service = flow.Service()
    cookies(service)  # nobody has one yet
    for part in (rows, children, listeners, aside, killed, closes):
        part(service)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    flow.main(story, delay=2)
