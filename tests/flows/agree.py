#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A thousand mixed connections: what the counters say of them is what the wire and the
servers' TCP_INFO saw, outcome by outcome, exactly; by program and by process too; and so
do `tfo status` and `tfo metrics`. The truth is worked out here from each connection's SYNs and from what its server was told,
never from what the shim says."""

import collections
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

import flow
import tfolab
from flow import SERVER4, SERVER6, check

CLIENT = r'''
import os, select, signal, socket, sys, threading, time
kind, at, port, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
family = socket.AF_INET6 if ":" in at else socket.AF_INET
FORK = {"x86_64": (57,), "aarch64": (220, 17, 0, 0, 0, 0)}[os.uname().machine]

def connect():
    s = socket.socket(family, socket.SOCK_STREAM)
    s.connect((at, port))
    return s

def ask(words=b"hello"):
    with connect() as s:
        s.sendall(words)
        s.shutdown(socket.SHUT_WR)
        while s.recv(100):
            pass

def asks():
    for _ in range(count):
        ask()

def posts():
    for _ in range(count):
        ask(b"POST / HTTP/1.1\r\n\r\n")

def hears():
    for _ in range(count):
        with connect() as s:
            s.recv(100)

def knocks():
    for _ in range(count):
        connect().close()

def unread():
    for _ in range(count):
        with connect() as s:
            s.sendall(b"hello")

def loops():
    """Without blocking, all at once."""
    all = [socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
           for _ in range(count)]
    for s in all:
        s.connect_ex((at, port))
    for s in all:
        select.select([], [s], [])
        s.send(b"hello")
    for s in all:
        select.select([s], [], [])
        s.recv(100)
        s.close()

def refused():
    """By a closed port: no connection; in turns with one that is."""
    closed = int(sys.argv[5])
    for _ in range(count):
        with socket.socket(family, socket.SOCK_STREAM) as s:
            s.connect_ex((at, closed))
        ask()

def threads():
    def some():
        for _ in range(count // 5):
            ask()
    all = [threading.Thread(target=some) for _ in range(5)]
    for t in all: t.start()
    for t in all: t.join()

def forks():
    for _ in range(5):
        if os.fork() == 0:
            for _ in range(count // 5 - 1):
                ask()
            os._exit(0)
        ask()
    while True:
        try: os.wait()
        except ChildProcessError: break

def daemons():
    """fork(2) by an instruction: no hook sees it."""
    import ctypes
    ask()
    if ctypes.CDLL(None).syscall(*FORK) == 0:
        for _ in range(count - 1):
            ask()
        os._exit(0)
    os.wait()

def killed():
    asks()
    os.kill(os.getpid(), signal.SIGKILL)

def ends():
    """The process ends before anybody has read an answer."""
    for _ in range(count):
        if os.fork() == 0:
            s = connect()
            s.sendall(b"hello")
            os._exit(0)
        os.wait()

def execs():
    """What was not read yet is recorded before the next program begins."""
    for _ in range(count // 2):
        if os.fork() == 0:
            s = connect()
            s.sendall(b"hello")
            os.execv(sys.executable, [sys.executable, "-c", sys.orig_argv[2], "asks", at,
                                      str(port), "1"])
        os.wait()

def stays():
    asks()
    print("ready", flush=True)
    sys.stdin.read()

globals()[kind]()
'''
# kind, server, how many processes at once, connections of each, rule, fault
MIX = (
    ("asks", "answer", 4, 25, "ours", None),
    ("asks", "answer", 2, 20, "plain", None),
    ("asks", "answer", 2, 40, "compared", None),
    ("posts", "answer", 2, 15, "ours", None),
    ("asks", "answer", 2, 10, "nothing", None),
    ("hears", "greet", 2, 20, "ours", None),
    ("knocks", "answer", 2, 15, "ours", None),
    ("unread", "answer", 2, 20, "ours", None),
    ("loops", "answer", 2, 30, "ours", None),
    ("loops", "answer", 1, 20, "plain", None),
    ("refused", "answer", 2, 15, "ours", None),
    ("refused", "answer", 2, 10, "plain", None),
    ("threads", "answer", 2, 50, "ours", None),
    ("forks", "answer", 2, 50, "ours", None),
    ("daemons", "answer", 2, 10, "ours", None),
    ("killed", "answer", 4, 10, "ours", None),
    ("ends", "answer", 2, 20, "ours", None),
    ("execs", "answer", 2, 20, "ours", None),
    ("asks", "answer", 2, 20, "ours", "strip-option"),
    ("asks", "answer", 2, 20, "ours", "strip-syn-data"),
    ("asks", "answer", 3, 4, "ours", "drop-syn-data"),
    ("loops", "answer", 2, 10, "ours", "drop-syn-data"),
    ("asks", "answer", 2, 8, "ours", "rst-syn-data"),
    ("asks", "answer", 2, 30, "patient", "drop-syn-option"),
    ("asks", "answer", 2, 10, "ours", None),
)
RULES = {
    "ours": "baseline = off\nstrikes = 100\n",
    "patient": "baseline = off\n",
    "compared": "baseline = 1/2\n",
    "nothing": "baseline = off\npayload = none\n",
    "plain": "tfo = off\n",
}


class Far:
    """A server at the far end that notes what TCP_INFO says of each connection."""

    def __init__(self, handler):
        self.handler, self.accepted, self.lock = handler, {}, threading.Lock()
        self.service = flow.Service(self.notes)
        self.port = self.service.port

    def notes(self, conn, seen):
        host, port = conn.getpeername()[:2]
        with self.lock:
            self.accepted[":" in host.replace("::ffff:", ""), port, self.port] = \
                tfolab.tcp_info(conn)["syn_data_acked"]
        self.handler(conn, seen)


def outcome(syns, data_acked):
    """Of one connection, from its SYNs and from what its server was told."""
    first = syns[0]
    if first["cookie"] > 0 and first["payload_length"]:
        if len(syns) > 1:
            return "syn_retransmitted"
        return "data_acked" if data_acked else "not_acked"
    if first["cookie"] > 0:
        return "opened_early"
    return "cookie_requested" if first["cookie"] == 0 else "plain"


def truth(far, closed):
    """Of a batch: connections of each outcome."""
    own = {f.port for f in far.values()}
    syns = collections.defaultdict(list)
    seen = [s for s in tfolab.syns() if s["direction"] == "c2s"]
    for syn in seen:
        host, port = syn["source"].rsplit(":", 1)
        syns[host.startswith("["), int(port),
             int(syn["destination"].rsplit(":", 1)[1])].append(syn)
    total, again = collections.Counter(), 0
    for key, sent in syns.items():
        accepted = [f.accepted[key] for f in far.values() if key in f.accepted]
        if accepted:
            total[outcome(sent, accepted[0])] += 1
        elif key[2] in own:
            again += 1  # refused on its way, and opened again from another port
        elif key[2] != closed:
            check("wire", False, f"a SYN to {key}")
    total["plain"] -= again
    total["syn_retransmitted"] += again
    whole = tfolab.counters()["c2s_syn"] == len(seen)
    return +total, whole


def told(state):
    path = os.path.join(state, "traffic.2")
    if not os.path.exists(path):
        return {"all": {"counts": {}}, "programs": [], "guests": []}
    return json.loads(flow.run([flow.peer("told"), path]).out)


def sums(counts):
    total = collections.Counter()
    for key, n in counts.items():
        total[key.split("/")[0]] += n
    return total


def command(state, *words):
    return flow.run([os.environ["TFO"], *words], TFOSHIM_STATE=state)


def positive(outcomes):
    return +collections.Counter(outcomes)


def from_status(state):
    """What `tfo status --json` has: in all, by program, of who runs by pid, saved us."""
    told = json.loads(command(state, "status", "--json").out)
    by_program = collections.Counter()
    for program in told["by_program"]:
        by_program += positive(program["outcomes"])
    running = {row["pid"]: positive(row["outcomes"]) for row in told["running"]}
    return positive(told["outcomes"]), by_program, running, told["saved_us"]


SAMPLE = re.compile(r'(\w+)(?:\{(.*)\})? ([-+.\w]+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def from_metrics(state):
    """What `tfo metrics` has: connections, first bytes timed, seconds saved."""
    total, timed, saved = collections.Counter(), 0, 0.0
    for line in command(state, "metrics").out.splitlines():
        sample = SAMPLE.match(line)
        if not sample or line.startswith("#"):
            continue
        name, labels, value = sample[1], dict(LABEL.findall(sample[2] or "")), sample[3]
        if name == "tfoshim_connections_total":
            total[labels["outcome"]] += int(float(value))
        elif name in ("tfoshim_first_byte_seconds_count", "tfoshim_fallback_seconds_count"):
            timed += int(float(value))
        elif name == "tfoshim_rtt_saved_seconds_total":
            saved = float(value)
    return +total, timed, saved


class World:
    """One state directory, for all of it."""

    def __init__(self):
        self.state, self.closed = flow.scratch(), flow.closed_port()
        self.far = {"answer": Far(flow.answer), "greet": Far(flow.greet)}
        self.policies = {name: flow.policy("[connect *]\n" + text)
                         for name, text in RULES.items()}
        self.true, self.connections = collections.Counter(), 0

    def client(self, kind, server, count, rule, turn):
        at = SERVER6 if turn % 2 else SERVER4
        return flow.run([sys.executable, "-c", CLIENT, kind, at, self.far[server].port,
                         count, self.closed], self.state, timeout=40,
                        TFOSHIM_POLICY=self.policies[rule])

    def settle(self, before):
        """Until nothing comes any more: orphans may still be at it."""
        until, n = time.monotonic() + 10, -1
        while time.monotonic() < until:
            now = sum(len(f.accepted) for f in self.far.values())
            if now == n and now >= before:
                return
            n = now
            time.sleep(0.1)

    def batch(self, number, kind, server, at_once, count, rule, fault):
        before = sums(told(self.state)["all"]["counts"])
        for far in self.far.values():
            far.accepted.clear()
        tfolab.reset()
        if fault:
            tfolab.fault(fault)
        done = flow.together(
            lambda turn: self.client(kind, server, count, rule, turn),
            range(number, number + at_once))
        self.settle(1)
        tfolab.clear()
        wanted, whole = truth(self.far, self.closed)
        got = sums(told(self.state)["all"]["counts"]) - before
        self.true += wanted
        n = sum(wanted.values())
        self.connections += n
        ended = [d.code for d in done] == \
            [-signal.SIGKILL if kind == "killed" else 0] * at_once
        check(f"{number}-{kind}-{rule}" + (f"-{fault}" if fault else ""),
              got == wanted and whole and ended and n == at_once * count,
              f"{n} connections: {dict(wanted)}" +
              ("" if got == wanted else f", counted {dict(got)}") +
              ("" if ended else f" {[str(d) for d in done]}"))

    def other_programs(self):
        """C programs, side by side with what stays in Python."""
        port = self.far["answer"].port
        words = [[flow.peer("request"), mode, host, port]
                 for mode in ("blocking", "poll", "edge") * 4
                 for host in (SERVER4, SERVER6)]
        before = sums(told(self.state)["all"]["counts"])
        for far in self.far.values():
            far.accepted.clear()
        tfolab.reset()
        flow.together(lambda w: flow.run(w, self.state), words, 8)
        self.settle(1)
        wanted, whole = truth(self.far, self.closed)
        got = sums(told(self.state)["all"]["counts"]) - before
        self.true += wanted
        self.connections += sum(wanted.values())
        check("programs", got == wanted and whole and sum(wanted.values()) == len(words),
              f"{dict(wanted)}, counted {dict(got)}")

    def process(self):
        """The row of one that still runs: its own connections, and no others'."""
        tfolab.reset()
        for far in self.far.values():
            far.accepted.clear()
        client = flow.start([sys.executable, "-c", CLIENT, "stays", SERVER4,
                             self.far["answer"].port, 17], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, env=flow.environment(self.state))
        flow.wait_for(client)
        self.settle(17)
        wanted, _ = truth(self.far, self.closed)
        rows = [g for g in told(self.state)["guests"] if g["pid"] == client.pid]
        self.true += wanted
        self.connections += 17
        check("process", len(rows) == 1 and sums(rows[0]["counts"]) == wanted and
              sum(wanted.values()) == 17, f"{rows}, wire {dict(wanted)}")
        running = from_status(self.state)[2]
        check("status-process", running == {client.pid: wanted}, f"{running}")
        client.stdin.close()
        client.wait()
        left = [g for g in told(self.state)["guests"] if g["pid"] == client.pid]
        check("process-ended", not left, f"{left}")


def story():
    if "TFO" not in os.environ:
        flow.cannot("there is no tfo to ask")
    world = World()
    for number, row in enumerate(MIX):
        world.batch(number, *row)
    world.other_programs()
    world.process()
    file = told(world.state)
    by_program = collections.Counter()
    for program in file["programs"]:
        by_program += sums(program["counts"])
    counted = sums(file["all"]["counts"])
    check("a-thousand", world.connections >= 1000, str(world.connections))
    check("in-all", counted == world.true,
          f"wire {dict(world.true)}, counted {dict(counted)}")
    check("by-program", by_program == world.true, str(dict(by_program)))
    outcomes, programs, running, saved_us = from_status(world.state)
    check("status", outcomes == programs == world.true and not running,
          f"{dict(outcomes)}, by program {dict(programs)}, running {running}")
    metered, timed, saved = from_metrics(world.state)
    check("metrics", metered == world.true, str(dict(metered)))
    check("metrics-times", timed == sum(sum(file[path]["buckets"]) for path in
                                        ("fastopen", "plain", "fallback")), f"{timed}")
    check("saved", abs(saved * 1e6 - saved_us) < 1 and saved_us == file["saved_us"]
          and saved > 0.01 * 0.9 * world.true["data_acked"], f"{saved} s")
    check("every-outcome", all(world.true[word] for word in (
        "data_acked", "opened_early", "cookie_requested", "not_acked",
        "syn_retransmitted", "plain")), str(dict(world.true)))


if __name__ == "__main__":
    flow.main(story, delay=10, limit=300)
