#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A path on which Fast Open takes longer than an ordinary connection is paused for that,
since some go plainly to be compared with; one on which it is as fast never is."""

import json
import os
import time

import flow
import numbered
import tfolab
from flow import SERVER4, SERVER6, check, median

SOON = 200      # connections until it is known
EQUAL = 2000    # connections on an equal path
AT_ONCE = 10
PAUSE = 2       # s, by policy, where it shall end
DEFAULTS = "# nothing\n"


class Path:
    """A destination, and a memory of it."""

    def __init__(self, name, at, server, policy=DEFAULTS):
        self.name, self.at, self.server = name, at, server
        self.state, self.then = flow.scratch(), time.monotonic()
        self.env = {"TFOSHIM_POLICY": flow.policy(policy)}

    def ask(self, mode, first, count, shim=True):
        answers = numbered.ask(numbered.by_peer(mode), self.at, self.server.port, first,
                               count, self.state if shim else None, 100,
                               **(self.env if shim else {}))
        if answers.wrong:
            check(f"{self.name}-answered", False, answers.wrong)
        return answers.seconds

    def explained(self):
        """What tfo explain says of a pause, and how soon the first bytes came."""
        place = f"{numbered.url_host(self.at)}:{self.server.port}"
        done = flow.run([os.environ["TFO"], "explain", "--json", "connect", place],
                        TFOSHIM_STATE=self.state, **self.env)
        said = json.loads(done.out)[0]["memory"] if done.code == 0 else {"pause": done}
        return said.get("pause"), ", ".join(
            f"{said.get(f'first_byte_{way}_us', 0) / 1000:.1f} ms {way}"
            for way in ("fast", "plain"))

    def syns(self, wire):
        return numbered.connections(syn for syn in wire.to(self.server.port, self.at)
                                    if syn["time"] > self.then)

    def last_fast(self, wire):
        """The number of the last connection with Fast Open, and of all."""
        fast = [i for i, syn in enumerate(self.syns(wire), 1) if numbered.has_option(syn)]
        return max(fast, default=0), len(self.syns(wire))


# --- a path that is slower --------------------------------------------------------------

def by_one(path, first):
    """One process, one connection after another."""
    path.ask("blocking", first, SOON + 20)


def by_new_ones(path, first):
    """New processes, a few at a time."""
    modes = ("blocking", "poll", "edge")
    flow.together(lambda i: path.ask(modes[i % 3], first + i, 1), range(SOON + 20), 4)


def is_paused(path, wire, plain):
    """From which connection on all are plain."""
    (last, total), (why, times) = path.last_fast(wire), path.explained()
    check(f"{path.name}-paused", 100 < last <= SOON < total,
          f"the last of {total} connections with Fast Open was number {last}, {SOON} may "
          f"be; first byte after {1000 * median(plain):.0f} ms without")
    check(f"{path.name}-reason", why == "slower", f"{why}: {times}")


def slower(wire):
    """It takes half as long again."""
    server = numbered.Server()
    tfolab.fault("delay-syn-data", f"{2 * flow.RTT} port={server.port}")
    for _ in range(5):  # on a busy machine all is slow
        one, new = Path("one-process", SERVER4, server), Path("new-ones", SERVER6, server)
        plain = one.ask("blocking", 90000, 20, False)
        one.then = new.then = time.monotonic()
        flow.together(lambda work: work[0](*work[1:]),
                      [(by_one, one, 1000), (by_new_ones, new, 2000)])
        if all(path.last_fast(wire)[0] <= SOON for path in (one, new)):
            break
    is_paused(one, wire, plain)
    before = len(new.syns(wire))
    new.ask("poll", 3000, 5)
    is_paused(new, wire, plain)
    options = [numbered.has_option(syn) for syn in new.syns(wire)[before:]]
    check("the-next-are-as-plain", not any(options[-5:]), f"{options[-5:]}")
    tfolab.clear()


def ends(wire):
    """The path is itself again: so is Fast Open when the pause is over."""
    server = numbered.Server()
    path = Path("again", SERVER4, server, f"[connect *]\npause = {PAUSE}s\n")
    tfolab.fault("delay-syn-data", f"{2 * flow.RTT} port={server.port}")
    until = time.monotonic() + 25
    asked = 0
    while time.monotonic() < until:
        path.ask("blocking", 1000 + asked, 10)
        asked += 10
        if not any(numbered.has_option(syn) for syn in path.syns(wire)[-8:]):
            break
    tfolab.clear()
    time.sleep(PAUSE + 0.5)
    for _ in range(5):
        seconds = path.ask("blocking", 5000, 30)
        if median(seconds) < 1.5 * flow.RTT / 1000:
            break
    rode = sum(1 for syn in path.syns(wire)[-20:] if syn["payload"])
    check("back-by-itself", rode >= 16 and median(seconds) < 1.5 * flow.RTT / 1000,
          f"after {asked} connections, a pause of {PAUSE} s: {rode} of the last 20 SYNs "
          f"with their request, {1000 * median(seconds):.1f} ms")


# --- a path that is not -----------------------------------------------------------------

def equal(wire):
    """Fast Open gains nothing there, for one reason or another."""
    delayed, stripped = numbered.Server(), numbered.Server()
    paths = [Path("delayed-by-a-round-trip", SERVER4, delayed),
             Path("without-data", SERVER6, stripped)]
    tfolab.fault("delay-syn-data", f"{flow.RTT} port={delayed.port}")
    tfolab.fault("strip-syn-data", f"on port={stripped.port}")
    tfolab.reset()
    each = EQUAL // AT_ONCE
    works = [(path, ("blocking", "poll", "edge")[i % 3], 1000 + 1000 * i)
             for i in range(AT_ONCE) for path in paths]
    began = time.monotonic()
    flow.together(lambda work: work[0].ask(*work[1:], each), works, len(works))
    took, counters = time.monotonic() - began, tfolab.counters()
    tfolab.clear()
    total = counters["c2s_syn"]
    plain = total - counters["c2s_syn_cookie"] - counters["c2s_syn_cookie_request"]
    check("equal-never-paused", total >= 2 * EQUAL and plain <= total // 20,
          f"{plain} of {total} connections plain, {total // 64} to compare with; "
          f"{took:.0f} s")
    for path in paths:
        (why, times), last = path.explained(), path.syns(wire)[-50:]
        rode = sum(1 for syn in last if syn["payload"])
        check(f"{path.name}-rides", rode >= 40 and why is None,
              f"{rode} of the last {len(last)}; {times}")
        read = path.server.read().values()
        check(f"{path.name}-answered-once", set(read) == {1}, f"{len(read)}")


def story():
    numbered.cookies(SERVER4, SERVER6)
    wire = numbered.Wire(0.1)
    slower(wire)
    ends(wire)
    equal(wire)


if __name__ == "__main__":
    flow.main(story, delay=20, limit=240)
