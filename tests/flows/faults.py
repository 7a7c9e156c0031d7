#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Under every fault of the wire every request is answered, by its own answer, and the
server reads it once: IPv4 and IPv6, blocking and nonblocking clients, curl and Python,
processes with one request and with many. Where plain TCP cannot come through either, the
error is the one it gives, and when the fault ends all is well. (What the faults cost is
the matter of paused.py.)"""

import itertools
import re
import time

import flow
import numbered
import tfolab
from flow import OTHER4, OTHER6, SERVER4, SERVER6, check, note

COUNT = 13      # requests of a client under a fault: with eight clients more than a hundred
STRIKES = 2     # the policy's default
AT_ONCE = 14
RETRIES = "/proc/sys/net/ipv4/tcp_syn_retries"
TIMED_OUT = "Connection timed out", "[Errno 110]"
HOSTS = {"IPv4": (SERVER4, OTHER4), "IPv6": (SERVER6, OTHER6)}

# name: (fault, its value, whether the kernel has the server's cookie); a counter of the
# wire says that each was met.
FAULTS = {
    "random-loss": ("random-loss", "0.05", True),
    "drop-syn-data": ("drop-syn-data", "on", True),
    "drop-syn-option": ("drop-syn-option", "on", True),
    "drop-cookie-request": ("drop-cookie-request", "on", False),
    "drop-synack-cookie": ("drop-synack-cookie", "on", False),
    "drop-after-syn-data": ("drop-after-syn-data", "on", True),
    "rst-syn-data": ("rst-syn-data", "on", True),
    "delay-syn-data": ("delay-syn-data", "30", True),
    "strip-option": ("strip-option", "on", True),
    "strip-option-no-cookie": ("strip-option", "on", False),
    "strip-option-reply": ("strip-option-reply", "on", False),
    "strip-syn-data": ("strip-syn-data", "on", True),
    "duplicate-syn": ("duplicate-syn", "on", True),
}
DEAD = ("drop-all", "drop-synack")
EFFECTS = ("dropped", "refused", "delayed", "altered", "duplicated")


def ways():
    """Clients, and how many requests a process of each makes; 1: new processes."""
    clients = numbered.clients()
    many = [(name, words, COUNT) for name, words in clients.items()]
    return many + [(f"{name}-fresh", clients[name], 1) for name in ("blocking", "curl")
                   if name in clients]


class Unit:
    """One client under one fault, with a memory of its own."""

    numbers = itertools.count(1000, 1000)

    def __init__(self, server, at, way):
        self.server, self.at = server, at
        self.name, self.client, self.at_a_time = way
        self.first = next(self.numbers)
        self.state = flow.scratch()
        self.right, self.wrong = 0, []

    def ask(self, offset, count, state="own", timeout=25):
        return numbered.ask(self.client, self.at, self.server.port,
                            self.first + offset, count,
                            self.state if state == "own" else state, timeout)

    def prime(self):
        """It is known to answer, and to be written to first."""
        for i in range(3):
            wrong = self.ask(900 + i, 1).wrong
            if wrong:
                self.wrong.append(wrong)

    def run(self):
        """Who has hung once need not again."""
        for i in range(0, COUNT, self.at_a_time):
            answers = self.ask(i, self.at_a_time)
            self.right += answers.right
            if answers.wrong:
                self.wrong.append(answers.wrong)
            if answers.done.code is None:
                return

    def times_read(self, read):
        return [read[self.first + i] for i in range(COUNT)]


# --- faults that plain TCP survives -----------------------------------------------------

def verdict(name, family, units, server):
    """One line for a fault and a family."""
    read = server.read()
    times = [n for unit in units for n in unit.times_read(read)]
    wrong = [f"{unit.name}: {text}" for unit in units for text in unit.wrong]
    right = sum(unit.right for unit in units)
    most = max(sum(n - 1 for n in unit.times_read(read) if n > 1) for unit in units)
    swallows = name == "drop-after-syn-data"
    once = all(n == 1 or (swallows and n == 2) for n in times) and \
        most <= (STRIKES if swallows else 0)
    if swallows:
        note(f"{name} {family}: the server had read the swallowed requests: "
             f"{times.count(2)} of {len(times)} were read twice, by one client "
             f"{most} at most, {STRIKES} may be")
    check(f"{name}-{family}", not wrong and once and right == len(times),
          f"answered {right} of {len(times)}, read once {times.count(1)}, twice "
          f"{times.count(2)}, never {times.count(0)}; "
          f"{' | '.join(wrong)[:700]}".rstrip("; "))


def met(family, counters):
    """Otherwise the above would show nothing."""
    for fault in sorted({fault for fault, _, _ in FAULTS.values()}):
        n = sum(counters.get(f"{way}_{effect}_by_{fault}", 0) for effect in EFFECTS
                for way in ("c2s", "s2c"))
        check(f"{fault}-{family}-was-met", n >= 4, f"{n} packets")


def survived(family):
    servers = {fault: numbered.Server() for fault, _, _ in FAULTS.values()}
    units = {name: [Unit(servers[fault], HOSTS[family][0 if cookie else 1], way)
                    for way in ways()]
             for name, (fault, _, cookie) in FAULTS.items()}
    proven = [unit for name, (_, _, cookie) in FAULTS.items() if cookie
              for unit in units[name]]
    flow.together(Unit.prime, proven, AT_ONCE)
    tfolab.reset()
    for fault, value, _ in FAULTS.values():
        tfolab.fault(fault, f"{value} port={servers[fault].port}")
    began = time.monotonic()
    # Neighbours wait for different things.
    every = [unit for some in zip(*units.values()) for unit in some]
    flow.together(Unit.run, every, AT_ONCE)
    took, counters = time.monotonic() - began, tfolab.counters()
    time.sleep(0.3)
    tfolab.clear()
    for name, (fault, _, _) in FAULTS.items():
        verdict(name, family, units[name], servers[fault])
    met(family, counters)
    note(f"{family}: {len(every) * COUNT} requests in {took:.1f} s")


# --- faults that nobody survives --------------------------------------------------------

def end_of(done):
    """How it ended, but for the time that curl tells."""
    return done.code, done.out, re.sub(r"after \d+ ms", "after N ms", done.err)


def die(unit):
    """The errors: without us; of the first that finds it dead; of all later ones."""
    def ask(state, i):
        return unit.ask(200 + i, 1, state).done

    bare, first = ask(None, 0), ask(unit.state, 0)
    later = flow.together(lambda i: ask(unit.state, i), range(1, COUNT), COUNT)
    return bare, first, later


def differences(unit, bare, first, later):
    differ = [done for done in later if end_of(done) != end_of(bare)]
    if not bare.code or bare.out.count("-"):
        yield f"{unit.name}, bare: {bare}"
    # Who was told that it is connected hears of it from its next call.
    if not first.code or first.out.count("-") or \
            not any(word in first.err for word in TIMED_OUT):
        yield f"{unit.name}, the first: {first}"
    if differ:
        yield f"{unit.name}: {len(differ)} of {len(later)}, {differ[0]}; bare {bare}"


def deadly(fault):
    server = numbered.Server()
    units = {family: [Unit(server, hosts[0], way) for way in ways()]
             for family, hosts in HOSTS.items()}
    every = [unit for some in units.values() for unit in some]
    flow.together(Unit.prime, every, AT_ONCE)
    tfolab.fault(fault, f"on port={server.port}")
    ends = dict(zip(every, flow.together(die, every, len(every))))
    tfolab.clear()
    flow.together(Unit.run, every, AT_ONCE)
    for family, some in units.items():
        bad = [text for unit in some for text in differences(unit, *ends[unit])]
        check(f"{fault}-{family}-errors-as-bare", not bad,
              f"{len(some) * COUNT} requests; {' | '.join(bad)[:900]}".rstrip("; "))
        verdict(f"{fault}-ended", family, some, server)


def story():
    numbered.cookies(SERVER4, SERVER6)
    for family in HOSTS:
        survived(family)
    try:
        with open(RETRIES, "w", encoding="ascii") as retries:
            retries.write("1")
    except OSError as error:
        return flow.skip("deadly", f"{RETRIES}: {error}")
    for fault in DEAD:
        deadly(fault)


if __name__ == "__main__":
    flow.main(story, delay=5, limit=400)
