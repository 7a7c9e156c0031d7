#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fast Open is lost wherever one connects to: the fault is on our own side. Three
destinations pay for it, no other, however new it is; one of them tries at the end of the
pause. A success anywhere between shows that it is not our side, and holds that off."""

import itertools
import time

import flow
import numbered
import tfolab
from flow import OTHER4, OTHER6, SERVER4, SERVER6, check

STRUCK = 3
LATE = 0.5      # seconds: more than that was lost
PAUSE = 2.0     # s, by policy
LOST = 1.0      # s, until a SYN is sent again
SLACK = 0.6     # s, until somebody connects and may try
HOSTS = (SERVER4, OTHER4, SERVER6, OTHER6)


class World:
    """Many destinations, and one user's memory of them."""

    def __init__(self, wire, policy="", places=8):
        self.wire, self.state, self.numbers = wire, flow.scratch(), itertools.count(1)
        self.env = {"TFOSHIM_POLICY": flow.policy(policy)} if policy else {}
        self.places = [(HOSTS[i % len(HOSTS)], numbered.Server()) for i in range(places)]

    def ask(self, i, mode="blocking"):
        """The seconds of one request by a new process to the destination."""
        at, server = self.places[i]
        return numbered.seconds(numbered.by_peer(mode), at, server.port,
                                next(self.numbers), self.state, **self.env)

    def prove(self, *which):
        for i in which * 3:
            self.ask(i)

    def syns(self, i, then):
        at, server = self.places[i]
        return [syn for syn in self.wire.to(server.port, at) if syn["time"] > then]

    def last(self, i):
        return numbered.connections(self.syns(i, 0))[-1]

    def paid(self, then):
        """Which destinations, as often as they did."""
        return [i for i in range(len(self.places))
                for _ in numbered.paid(self.syns(i, then))]

    def options(self, then):
        """Connections, and those of them with Fast Open in their SYN."""
        every = [syn for i in range(len(self.places))
                 for syn in numbered.connections(self.syns(i, then))]
        return len(every), sum(1 for syn in every if numbered.has_option(syn))

    def answered_once(self):
        return all(n == 1 for _, server in self.places for n in server.read().values())


# --- our side ---------------------------------------------------------------------------

def rounds(world, known):
    """All destinations in turns, new processes; each twice."""
    then = time.monotonic()
    first = [world.ask(i, ("blocking", "poll", "edge")[i % 3])
             for i in range(len(world.places))]
    after = time.monotonic()
    again = [world.ask(i) for i in range(len(world.places))]
    paid, late = world.paid(then), [s for s in first + again if s > LATE]
    name = "known" if known else "new"
    check(f"{name}-three-pay", len(set(paid)) <= STRUCK and len(paid) == STRUCK == len(late),
          f"{len(set(paid))} of {len(world.places)} destinations paid, {STRUCK} may: "
          f"{', '.join(f'{s:.2f}' for s in first)} s")
    total, options = world.options(after)
    check(f"{name}-then-plain", options == 0,
          f"{options} of {total} SYNs with Fast Open when all are paused")
    check(f"{name}-answered-once", world.answered_once())


def our_side(wire):
    """Those that are known; then, for somebody else, those that are not: their first
    SYN, with a cookie or asking for one, is lost."""
    world = World(wire)
    world.prove(*range(len(world.places)))
    tfolab.fault("drop-syn-data")
    rounds(world, True)
    tfolab.clear()
    tfolab.fault("drop-syn-option")
    rounds(World(wire), False)
    tfolab.clear()


def comes_back(wire):
    """One tries for all when the pause is over."""
    world = World(wire, f"[connect *]\npause = {PAUSE:.0f}s\n", 6)
    world.prove(*range(6))
    tfolab.fault("drop-syn-data")
    then = time.monotonic()
    for i in range(STRUCK):
        world.ask(i)
    last = max(syn["time"] for i in range(STRUCK)
               for syn in numbered.paid(world.syns(i, then)))
    crowds = [numbered.Crowd(at, server.port, 50000, world.state, 80, **world.env)
              for at, server in world.places]
    while len(world.paid(last + 0.01)) < 1 and \
            time.monotonic() < last + LOST + PAUSE + LOST + 3:
        time.sleep(0.05)
    tfolab.clear()
    over = time.monotonic()
    time.sleep(2 * PAUSE + SLACK + 1)
    flow.together(numbered.Crowd.stop, crowds)
    times = [last] + sorted(
        syn["time"] for i in range(6) for syn in
        numbered.connections(world.syns(i, last + 0.01)) if numbered.has_option(syn))
    gaps = [b - a for a, b in zip(times[:2], times[1:])]
    wanted = [LOST + PAUSE, LOST + 2 * PAUSE]
    check("one-tries-for-all", len(gaps) == 2 and
          all(0 <= gap - w <= SLACK for gap, w in zip(gaps, wanted)),
          f"one after {', '.join(f'{gap:.2f}' for gap in gaps)} s, wanted "
          f"{', '.join(f'{w:.0f}' for w in wanted)} and at most {SLACK} more")
    syns = [syn for i in range(6) for syn in numbered.connections(world.syns(i, over))]
    end = max(syn["time"] for syn in syns) - 0.7
    rode = [i for i in range(6) for syn in world.syns(i, end) if syn["payload"]]
    check("all-are-back", set(rode) == set(range(6)),
          f"{len(rode)} requests in the SYN within 0.7 s, to {len(set(rode))} of 6")
    wrong = [text for crowd in crowds for text in crowd.wrong]
    check("all-answered", not wrong and world.answered_once(), f"{wrong[:2]}")


# --- not our side -----------------------------------------------------------------------

def only(world, i):
    tfolab.clear()
    tfolab.fault("drop-syn-data", f"on port={world.places[i][1].port}")


def success_between(wire, which):
    """Two are struck, one succeeds, a third is struck: the others go on."""
    world = World(wire)
    world.prove(*range(len(world.places)))
    then = time.monotonic()
    for i in (0, 1, 2):
        if i == 2:
            tfolab.clear()
            world.ask(which)
            good = world.last(which)
        only(world, i)
        world.ask(i)
    rest = [world.ask(i) for i in range(3, len(world.places))]
    paid = world.paid(then)
    rode = [bool(world.last(i)["payload"]) for i in range(3, len(world.places))]
    check(f"success-between-{which}", paid == [0, 1, 2] and good["payload"] and
          sum(rode) >= len(rode) - 1 and max(rest) < LATE,
          f"{len(paid)} paid; then {sum(rode)} of {len(rode)} others with their request "
          f"in the SYN")
    tfolab.clear()


def two_are_not_all(wire):
    """Two destinations, twice each: they are paused, the others are not."""
    world = World(wire)
    world.prove(*range(len(world.places)))
    then = time.monotonic()
    for i in (0, 0, 1, 1):
        only(world, i)
        world.ask(i)
    for i in range(len(world.places)):
        world.ask(i)
    rode = [bool(world.last(i)["payload"]) for i in range(2, len(world.places))]
    check("two-are-not-all", world.paid(then) == [0, 0, 1, 1] and
          sum(rode) >= len(rode) - 1 and
          not any(numbered.has_option(world.last(i)) for i in (0, 1)),
          f"{sum(rode)} of {len(rode)} others with their request in the SYN")
    tfolab.clear()


def story():
    numbered.cookies(*HOSTS)
    wire = numbered.Wire()
    our_side(wire)
    comes_back(wire)
    success_between(wire, 2)
    success_between(wire, 5)
    two_are_not_all(wire)


if __name__ == "__main__":
    flow.main(story, delay=20, limit=150)
