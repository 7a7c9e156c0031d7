#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`tfo watch` shows every connection once, as the wire and the peers saw it; filters show
theirs. Who is too slow loses lines and is told exactly how many; programs do not notice."""

import datetime
import json
import os
import re
import resource
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time

import flow
import tfolab
from flow import OTHER4, SERVER4, SERVER6, check
from policy import GET, POST, manner, named, rules

sys.path.insert(0, os.path.join(flow.HERE, "..", "schemas"))
import schema  # noqa: E402

TIMES = 5      # connections of each kind
BURST = 3000   # more than the ring holds
RING = 1024
ASKED_S = 10   # programs tell for so long after they were asked
EVENT = 500    # instructions of one, at most
CPU = 1.05     # of the CPU time without somebody who watches
KNOCKS, PAIRS = 3000, 7
OFF = "[connect *]\ntfo = off\n"
STORM = r'''
import select, socket, sys
at, port, left = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
while left:
    some = [socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
            for _ in range(min(left, 100))]
    left -= len(some)
    for s in some:
        s.connect_ex((at, port))
    waiting = select.poll()
    for s in some:
        waiting.register(s, select.POLLOUT)
    ready = set()
    while len(ready) < len(some):
        for fd, _ in waiting.poll():
            ready.add(fd)
            waiting.unregister(fd)
    for s in some:
        s.close()
'''


class Watcher:
    """A `tfo watch` and its lines, as they come."""

    def __init__(self, state, *words, reads=True):
        self.lines = []
        self.process = flow.start([os.environ["TFO"], "watch", *words],
                                  env=flow.environment(TFOSHIM_STATE=state),
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.thread = threading.Thread(target=self._read, daemon=True)
        if reads:
            self.thread.start()
        while self.process.poll() is None and not self._has(state):
            time.sleep(0.01)
        time.sleep(0.1)

    def _has(self, state):
        """The file of connections?"""
        with open(f"/proc/{self.process.pid}/maps", encoding="utf-8") as maps:
            return os.path.join(state, "traffic.2") in maps.read()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.decode())

    def told(self):
        """(connections, so many not shown), by its JSON."""
        found = [json.loads(line) for line in list(self.lines)]
        return ([one for one in found if "not_shown" not in one],
                sum(one.get("not_shown", 0) for one in found))

    def wait(self, n, seconds=5):
        """Until that many are shown or told as missed, and a little for more."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            shown, missed = self.told()
            if len(shown) + missed >= n:
                break
            time.sleep(0.02)
        time.sleep(0.2)
        return self.told()

    def signal(self, number):
        self.process.send_signal(number)

    def end(self):
        self.signal(signal.SIGTERM)
        self.process.wait(5)
        self.thread.join(5)
        return self.process.returncode


# --- what they saw --------------------------------------------------------------------

class Kind:
    """Connections of one kind to a server of their own, one after the other."""

    def __init__(self, name, host, words, wanted, handler=flow.answer, **how):
        self.name, self.host, self.words, self.wanted = name, host, words, wanted
        self.faults, self.env = how.pop("faults", None), how.pop("env", {})
        self.known = how.pop("known", None)  # the host name
        self.is_answered = how.pop("is_answered", True)
        self.server = flow.Service(handler, **how)
        self.port, self.runs = self.server.port, []

    def go(self, state):
        if self.faults:
            tfolab.fault(self.faults, f"on port={self.port}")
        for _ in range(TIMES):
            tell = ["sh", "-c", 'echo $$; exec "$@"', "sh"]
            done = flow.run([*tell, *self.words(self.host, self.port)], state, **self.env)
            pid, _, said = done.out.partition("\n")
            self.runs.append((int(pid), said, done.code))
        if self.faults:
            tfolab.fault(self.faults, f"off port={self.port}")

    def of_wire(self):
        """[outcome, bytes in the SYN] of each connection, oldest first."""
        found = {}
        for syn in flow.syns_to(self.port):
            found.setdefault(syn["source"], []).append(syn)
        words = {"rides": "data_acked", "alone": "opened_early", "asks": "cookie_requested",
                 "plain": "plain"}
        if self.faults == "strip-syn-data":
            words["rides"] = "not_acked"
        return [[words[manner(syns[0])] if len(syns) == 1 else "syn_retransmitted",
                 syns[0]["payload_length"]] for syns in found.values()]

    def compare(self, lines):
        mine = [one for one in lines if one["port"] == self.port]
        wire = self.of_wire()
        said = [[one["outcome"], one["syn_bytes"]] for one in mine]
        there = sum(outcome == self.wanted for outcome, _ in wire)
        check(f"{self.name}-as-the-wire", said == wire and len(wire) == TIMES and there,
              f"{there} of {len(wire)} {self.wanted}" if said == wire else
              f"{said} | {wire}")
        who = [(one["pid"], one["program"], one["address"], one["name"]) for one in mine]
        wanted = [(pid, self.program(), self.host, self.known) for pid, _, _ in self.runs]
        check(f"{self.name}-who-and-where", who == wanted,
              "" if who == wanted else f"{who} | {wanted}")
        self.compare_times(mine)

    def program(self):
        return os.path.basename([word for word in self.words(self.host, self.port)
                                 if str(word).startswith(os.environ["PEERS"])][0])

    def compare_times(self, mine):
        """No byte comes sooner than a round trip, nor later than to the program."""
        least = 0.95 * flow.RTT * 1000
        bad = [(one["first_byte_us"], one["rtt_us"], said) for one, (_, said, _) in
               zip(mine, self.runs)
               if (one["rtt_us"] or least) < least or
               (one["first_byte_us"] or least) < least or
               (one["first_byte_us"] or 0) > self.most(said)]
        known = [one["first_byte_us"] for one in mine if one["first_byte_us"]]
        check(f"{self.name}-times", not bad and bool(known) == self.is_answered,
              f"{[us // 1000 for us in known]} ms {bad or ''}")

    @staticmethod
    def most(said):
        """Microseconds by the program's own clock."""
        own = re.match(r"\d+", said)
        return int(own.group()) + 2000 if own else 2e6


def ask(text="ping"):
    return lambda host, port: [flow.peer("request"), "blocking", host, port, text]


def knock(host, port):
    return [flow.peer("knock"), "blocking", 1, host, port]


def kinds():
    """One server each; what is the rule there, once it is known."""
    off = rules(OFF)
    yield Kind("asks", OTHER4, ask(), "cookie_requested", fastopen=0)
    yield Kind("rides", SERVER4, ask(), "data_acked")
    yield Kind("rides-ipv6", SERVER6, ask(GET), "data_acked")
    yield Kind("unsafe", SERVER4, ask(POST), "opened_early")
    yield Kind("plain", SERVER4, ask(), "plain", env=off, is_answered=False)
    yield Kind("greeted", SERVER4, ask(), "opened_early", handler=flow.greet)
    yield Kind("knocks", SERVER4, knock, "opened_early", is_answered=False)
    yield Kind("lost", SERVER4, ask(GET), "syn_retransmitted", faults="drop-syn-data")
    yield Kind("not-acked", SERVER4, ask(GET), "not_acked", faults="strip-syn-data")
    if flow.run(named()(None, 1)).code == 0:
        yield Kind("named", SERVER4, named("web.test"), "data_acked", known="web.test")
    else:
        flow.skip("named", "no hosts file can be mounted")


def filters(all_kinds):
    """Options, and whether a line is wanted."""
    by = {kind.name: kind for kind in all_kinds}
    rides, unsafe = by["rides"].port, by["unsafe"].port
    named_one = by.get("named", by["rides"])
    yield ("--program", "knock"), lambda e: e["program"] == "knock"
    yield (("-p", "request", "-p", "/usr/bin/knock", "--outcome", "opened_early"),
           lambda e: e["program"] in ("request", "knock") and
           e["outcome"] == "opened_early")
    yield ("-d", SERVER4), lambda e: e["address"] == SERVER4
    yield ("-d", "192.0.2.2/31"), lambda e: e["address"] in (SERVER4, OTHER4)
    yield ("-d", "2001:db8::/32"), lambda e: e["address"] == SERVER6
    yield (("-d", f"[{SERVER6}]:{by['rides-ipv6'].port}"),
           lambda e: e["port"] == by["rides-ipv6"].port)
    yield ("-d", str(rides)), lambda e: e["port"] == rides
    yield (("-d", f":{rides}", "-d", f"{SERVER4}:{unsafe}"),
           lambda e: e["port"] in (rides, unsafe))
    yield ("-d", "WEB.test."), lambda e: e["port"] == named_one.port and e["name"]
    yield ("-d", "*.test:1-65535"), lambda e: e["name"]
    yield ("-d", "*.web.test"), lambda e: False
    yield ("--outcome", "data_acked,not_acked"), lambda e: e["outcome"] in (
        "data_acked", "not_acked")
    yield (("--reason", "policy", "--reason", "payload"),
           lambda e: e["reason"] in ("policy", "payload"))
    yield (("--reason", "reads_first", "--outcome", "data_acked"), lambda e: False)


def of_text(lines):
    """Its rows, by where the titles stand; None: one is out of line."""
    titles = re.match(r"  time +program +pid  destination +outcome +SYN  1st ms\n", lines[0])
    form = re.compile(r"  (\d\d:\d\d:\d\d)  (\S+) +(\d+)  (\S+) +(\w+) +(\d+)( +[\d.]+)?\n")
    rows = [form.fullmatch(line) for line in lines[1:]]
    return titles and all(rows) and [row.groups() for row in rows]


def of_json(one):
    """The row that this is in text."""
    host = one["name"] or (f"[{one['address']}]" if ":" in one["address"]
                           else one["address"])
    local = datetime.datetime.fromisoformat(one["time"].replace("Z", "0000+00:00"))
    word = one["reason"] if one["outcome"] == "plain" and one["reason"] else one["outcome"]
    first = one["first_byte_us"]
    return (local.astimezone().strftime("%H:%M:%S"), one["program"], str(one["pid"]),
            f"{host}:{one['port']}", word, str(one["syn_bytes"]),
            f"{first / 1000:.1f}" if first else None)


def seen():
    state, work = flow.scratch(), list(kinds())
    # one cookie for the hosts that are known; `asks` has a server that gives none
    for kind in work:
        if kind.name != "asks":
            flow.run([flow.peer("native"), kind.host, kind.port])
    whole, text = Watcher(state, "--json"), Watcher(state)
    some = [(words, wanted, Watcher(state, "--json", *words))
            for words, wanted in filters(work)]
    few = Watcher(state, "--json", "-n", "7")
    tfolab.reset()
    flow.run([flow.peer("knock"), "blocking", 2, SERVER4, flow.closed_port()], state)
    flow.together(lambda kind: kind.go(state), work, 5)
    lines, missed = whole.wait(TIMES * len(work))
    check("each-once", missed == 0 and len(lines) == TIMES * len(work),
          f"{len(lines)} lines of {TIMES * len(work)}, {missed} missed")
    for kind in work:
        kind.compare(lines)
    for words, wanted, one in some:
        got = one.told()[0]
        check("filter " + " ".join(words), got == [e for e in lines if wanted(e)],
              f"{len(got)} lines")
        one.end()
    rows = of_text(text.lines)
    check("as-text", rows and [tuple(cell and cell.strip() for cell in row) for row in rows]
          == [of_json(one) for one in lines], "".join(text.lines[:3]))
    check("-n", few.process.wait(5) == 0 and few.told()[0] == lines[:7], str(few.told()[1]))
    wrong = schema.wrong_lines("watch", "".join(whole.lines))
    check("schema", not wrong, str(wrong[:3]))
    codes = [whole.end(), text.end()]
    check("ended", codes == [0, 0], str(codes))


# --- too slow -------------------------------------------------------------------------

class Crowd:
    """A server that only counts who comes."""

    def __init__(self):
        self.socket, self.came = flow.listen(fastopen=0, backlog=4096), 0
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            self.socket.accept()[0].close()
            self.came += 1

    def storm(self, state, n):
        """So many connections, all of them made; how many came."""
        before = self.came
        done = flow.run([sys.executable, "-c", STORM, SERVER4, self.port, n], state,
                        timeout=60, TFOSHIM_POLICY=flow.policy(OFF))
        until = time.monotonic() + 10
        while self.came - before < n and time.monotonic() < until:
            time.sleep(0.01)
        return self.came - before if done.code == 0 else str(done)


def exact(name, watcher, came, least, most):
    """Shown and not shown are as many as came."""
    shown, missed = watcher.wait(came)
    check(name, len(shown) + missed == came and least <= len(shown) <= most,
          f"{len(shown)} shown and {missed} not, of {came}")
    wrong = schema.wrong_lines("watch", "".join(watcher.lines[-3:]))
    check(f"{name}-schema", not wrong, str(wrong))


def slow():
    crowd = Crowd()
    for name, how in (("stopped", "stop"), ("unread", "pipe"), ("busy", "")):
        state = flow.scratch()
        watcher = Watcher(state, "--json", reads=how != "pipe")
        if how == "stop":
            watcher.signal(signal.SIGSTOP)
        came = crowd.storm(state, BURST)
        watcher.signal(signal.SIGCONT)
        if how == "pipe":
            watcher.thread.start()
        # who is not too slow may be so on a busy machine
        exact(name, watcher, came, RING - 130 if how != "pipe" else 200,
              RING if how == "stop" else BURST)
        if how:
            check(f"{name}-was-so", watcher.told()[1] > 0)
        check(f"{name}-ends", watcher.end() == 0)


def text_of_slow():
    """The sentence, and lines that are in their order; a filter does not hide it."""
    crowd, state = Crowd(), flow.scratch()
    watcher = Watcher(state, "--outcome", "data_acked")
    watcher.signal(signal.SIGSTOP)
    came = crowd.storm(state, BURST)
    watcher.signal(signal.SIGCONT)
    time.sleep(1)
    watcher.end()
    said = re.findall(r"^\.\.\. (\d+) connections not shown: too slow$",
                      "".join(watcher.lines), re.M)
    check("told-in-text", came == BURST and len(watcher.lines) == 2 and len(said) == 1 and
          0 < BURST - int(said[0]) <= RING, "".join(watcher.lines))


def forgotten():
    """Stopped for so long that programs no longer tell anybody."""
    crowd, state = Crowd(), flow.scratch()
    watcher = Watcher(state, "--json")
    came = crowd.storm(state, 10)
    watcher.wait(10)
    watcher.signal(signal.SIGSTOP)
    came += crowd.storm(state, 20)
    time.sleep(ASKED_S + 1)
    came += crowd.storm(state, 50)
    watcher.signal(signal.SIGCONT)
    exact("stopped-for-long", watcher, came, 30, 30)
    came += crowd.storm(state, 5)
    exact("... and-then-on", watcher, came, 35, 35)
    watcher.end()


# --- nobody else notices ----------------------------------------------------------------

def words_of_knocks(port, n):
    return [flow.peer("knock"), "blocking", n, "127.0.0.1", port]


def instructions(state, port, n):
    """Of a program that connects so often."""
    done = flow.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                     *words_of_knocks(port, n)], state, timeout=60,
                    TFOSHIM_POLICY=flow.policy(OFF))
    return int(re.search(r"Collected : (\d+)", done.err).group(1))


def cpu_seconds(state, port):
    was = resource.getrusage(resource.RUSAGE_CHILDREN)
    flow.run(words_of_knocks(port, KNOCKS), state, timeout=60,
             TFOSHIM_POLICY=flow.policy(OFF))
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    return now.ru_utime + now.ru_stime - was.ru_utime - was.ru_stime


def ratio(quiet, watched, port):
    """Of CPU seconds, interleaved."""
    pairs = [(cpu_seconds(watched, port), cpu_seconds(quiet, port)) for _ in range(PAIRS)]
    return statistics.median(a for a, _ in pairs) / statistics.median(b for _, b in pairs)


def unnoticed():
    flow.run(["ip", "link", "set", "lo", "up"])
    server = socket.create_server(("127.0.0.1", 0), backlog=4096)
    port = server.getsockname()[1]

    def accept():
        while True:
            server.accept()[0].close()

    threading.Thread(target=accept, daemon=True).start()
    quiet, state = flow.scratch(), flow.scratch()
    watcher = Watcher(state, "--json")
    each = [(instructions(one, port, 220) - instructions(one, port, 20)) / 200
            for one in (quiet, state)]
    check("instructions", 0 < each[1] - each[0] <= EVENT,
          f"{each[1] - each[0]:.0f} more for each connection, of {each[0]:.0f}; "
          f"at most {EVENT}")
    for tries in range(1, 6):  # a busy machine may try again
        found = ratio(quiet, state, port)
        if found <= CPU:
            break
    check("cpu-time", found <= CPU, f"{found:.3f} times, at most {CPU}")
    exact("all-told", watcher, 240 + tries * PAIRS * KNOCKS, 1, RING * KNOCKS)
    watcher.end()


def story():
    seen()
    slow()
    text_of_slow()
    forgotten()
    unnoticed()


if __name__ == "__main__":
    flow.main(story, delay=20, limit=240)
