# SPDX-License-Identifier: MIT
"""Requests by number: a server whose answer depends on the number, and that remembers
which it has read and how often; and ordinary clients, which say what each answer was and
how long its first byte took. What the flows about faults share."""

import collections
import shutil
import subprocess
import sys
import threading
import time

import flow
import tfolab

PYTHON = """
import asyncio, sys, time, urllib.request

def said(answer, start):
    print(answer.split(b"\\r\\n\\r\\n")[-1].decode(), time.monotonic() - start)

async def by_asyncio(at, port, number):
    start = time.monotonic()
    reader, writer = await asyncio.open_connection(at.strip("[]"), port)
    writer.write(b"GET /%d HTTP/1.0\\r\\n\\r\\n" % number)
    said(await reader.read(), start)
    writer.close()
    await writer.wait_closed()

def by_urllib(at, port, number):
    start = time.monotonic()
    with urllib.request.urlopen(f"http://{at}:{port}/{number}") as answer:
        said(answer.read(), start)

kind, first, count, at, port = sys.argv[1:]
for number in range(int(first), int(first) + int(count)):
    if kind == "asyncio":
        asyncio.run(by_asyncio(at, int(port), number))
    else:
        by_urllib(at, int(port), number)
"""
URLLIB_PROXIES = {"no_proxy": "*"}


def body(number):
    """What answers it."""
    return f"{number}-{number * number % 9973}"


def respond(conn, seen):
    """One request, one answer."""
    while b"\r\n\r\n" not in seen.data:
        got = conn.recv(4096)
        if not got:
            return
        if not seen.data:
            seen.first = time.monotonic()
        seen.data += got
    text = body(int(seen.data.split()[1][1:]))
    conn.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(text)}\r\n"
                 f"Connection: close\r\n\r\n{text}".encode())
    seen.ended = time.monotonic()


class Server(flow.Service):
    """At the far end."""

    def __init__(self, **how):
        super().__init__(respond, **how)

    def read(self):
        """How often each number was."""
        whole = (bytes(seen.data) for seen in list(self.seen))
        return collections.Counter(int(data.split()[1][1:]) for data in whole
                                   if b"\r\n\r\n" in data)


# --- clients ----------------------------------------------------------------------------

def by_peer(mode, pause_ms=0):
    return lambda at, port, first, count: [flow.peer("numbered"), mode, first, count,
                                           pause_ms, at, port]


def url_host(at):
    return f"[{at}]" if ":" in at else at


def by_curl(at, port, first, count):
    return ["curl", "-sS", "--noproxy", "*", "-w", " %{time_starttransfer}\\n",
            f"http://{url_host(at)}:{port}/[{first}-{first + count - 1}]"]


def by_python(kind):
    return lambda at, port, first, count: [sys.executable, "-I", "-c", PYTHON, kind,
                                           first, count, url_host(at), port]


CLIENTS = {
    "blocking": by_peer("blocking"), "poll": by_peer("poll"), "edge": by_peer("edge"),
    "curl": by_curl, "urllib": by_python("urllib"), "asyncio": by_python("asyncio"),
}


def clients():
    """Those that are here, by name."""
    if shutil.which("curl"):
        return dict(CLIENTS)
    flow.skip("curl", "curl is not here")
    return {name: words for name, words in CLIENTS.items() if name != "curl"}


class Answers:
    """What a client said: .right counts the right answers, .wrong is empty when nothing
    else was said."""

    def __init__(self, done, first, count):
        lines = [line.split() for line in done.out.splitlines()]
        wanted = [body(number) for number in range(first, first + count)]
        said = [line[0] for line in lines if line]
        self.done = done
        self.seconds = [float(line[1]) for line in lines if len(line) == 2]
        self.right = sum(1 for one in wanted if said.count(one) == 1)
        self.wrong = "" if said == wanted and done.code == 0 and not done.err \
            else f"of {first}+{count}: {done}"


def ask(client, at, port, first, count=1, state=None, timeout=60, **more):
    """A process of it that asks so many numbers."""
    done = flow.run(client(at, port, first, count), state, timeout,
                    **URLLIB_PROXIES, **more)
    return Answers(done, first, count)


def seconds(client, at, port, number, state=None, **more):
    """One request by a new process, which must be answered."""
    answers = ask(client, at, port, number, 1, state, **more)
    if answers.wrong:
        raise RuntimeError(answers.wrong)
    return answers.seconds[0]


class Caller:
    """A process that was there before: asks when it is told to."""

    def __init__(self, mode, at, port, first, state, **more):
        self.number = first
        self.process = flow.start(by_peer(mode, -1)(at, port, first, 0),
                                  env=flow.environment(state, **more),
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)

    def ask(self):
        """The seconds."""
        self.process.stdin.write(b".")
        self.process.stdin.flush()
        line = self.process.stdout.readline().decode().split()
        if line[:1] != [body(self.number)]:
            raise RuntimeError(f"{self.number}: {line}")
        self.number += 1
        return float(line[1])

    def stop(self):
        self.process.stdin.close()
        return self.process.wait(timeout=20)


class Crowd:
    """Asks all the time: two processes that go on and on, and new ones; .wrong is empty
    when all were answered."""

    def __init__(self, at, port, first, state, pause_ms=60, **more):
        self.wrong, self._on = [], True
        self._env = flow.environment(state, **more)
        self._old = [flow.start(by_peer(mode, pause_ms)(at, port, first + i, 0),
                                env=self._env, stdin=subprocess.PIPE,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                     for i, mode in ((0, "poll"), (10000, "edge"))]
        self._new = threading.Thread(target=self._ask, daemon=True,
                                     args=(at, port, first + 20000, state, pause_ms, more))
        self._new.start()

    def _ask(self, at, port, number, state, pause_ms, more):
        while self._on:
            said = ask(by_peer("blocking"), at, port, number, 1, state, **more)
            if said.wrong:
                self.wrong.append(said.wrong)
            number += 1
            time.sleep(pause_ms / 1000)

    def stop(self):
        self._on = False
        self._new.join()
        for process in self._old:
            said = process.communicate(timeout=20)[1]
            if process.returncode or said:
                self.wrong.append(f"status {process.returncode} {said[-200:]}")


# --- the wire ---------------------------------------------------------------------------

def has_option(syn):
    """It has a cookie, or asks for one."""
    return syn["cookie"] >= 0


def connections(syns):
    """The first SYN of each connection, with .again: how many more it took."""
    first = {}
    for syn in syns:
        one = first.setdefault((syn["source"], syn["destination"]), dict(syn, again=-1))
        one["again"] += 1
    return list(first.values())


def paid(syns):
    """The connections whose Fast Open SYN was lost: a second each."""
    return [syn for syn in connections(syns) if has_option(syn) and syn["again"]]


class Wire:
    """All SYNs of clients, also when there are more than the lab remembers."""

    def __init__(self, every=0.2):
        self._lock = threading.Lock()
        self._all = {}
        self._every = every
        self._on = True
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _look(self):
        with self._lock:
            for syn in tfolab.syns():
                if syn["direction"] == "c2s":
                    self._all[syn["time"], syn["source"], syn["destination"]] = syn

    def _watch(self):
        while self._on:
            self._look()
            time.sleep(self._every)

    def to(self, port, at=None):
        """Those to a port (of an address), oldest first."""
        self._look()
        end = f"{url_host(at)}:{port}" if at else f":{port}"
        with self._lock:
            return [syn for _, syn in sorted(self._all.items())
                    if syn["destination"].endswith(end)]

    def stop(self):
        self._on = False
        self._thread.join()


def cookies(*places):
    """The kernel asks each address for one, by itself."""
    port = flow.Service().port
    for at in places:
        flow.run([flow.peer("native"), at, port])
