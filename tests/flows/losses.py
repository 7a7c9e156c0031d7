#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A path that loses one packet in a hundred, or in twenty, loses Fast Open's as it loses
others: that is no reason for a pause, and in sum Fast Open is still the faster way."""

import time

import flow
import numbered
import tfolab
from flow import OTHER4, OTHER6, SERVER4, SERVER6, check, median, note

LOSSES = ("0.01", "0.05")
COUNT = 500     # connections, one after another
USERS = 7       # that do so at the same time, each with a memory of its own
PROBES = 12
LONG = 100      # ms: where a round trip counts
BATCH = 25      # processes at once, which make COUNT together
HOSTS = (SERVER4, SERVER6, OTHER4, OTHER6)
DEFAULTS = "# nothing\n"


class User:
    """One who has used it before."""

    def __init__(self, i):
        self.at, self.first = HOSTS[i % len(HOSTS)], 1000 * (10 * i + 1)
        self.mode = ("blocking", "poll", "edge")[i % 3]
        self.server, self.state = numbered.Server(), flow.scratch()
        self.env = {"TFOSHIM_POLICY": flow.policy(DEFAULTS)}
        self.ask(900, 4)

    def ask(self, offset, count, state="own"):
        shim = state == "own"
        return numbered.ask(numbered.by_peer(self.mode), self.at, self.server.port,
                            self.first + offset, count, self.state if shim else None,
                            200, **(self.env if shim else {}))

    def is_paused(self):
        """When nothing is lost any more; by the wire."""
        then = time.monotonic()
        self.ask(920, PROBES)
        end = f":{self.server.port}"
        syns = [syn for syn in tfolab.syns() if syn["time"] > then and
                syn["direction"] == "c2s" and syn["destination"].endswith(end)]
        return sum(1 for syn in syns if numbered.has_option(syn)) < PROBES // 2


def answered_once(users):
    return all(n == 1 for user in users for n in user.server.read().values())


def stays_on(loss):
    """One after another, at which two lost in turn are soonest taken for a fault."""
    users = [User(i) for i in range(USERS)]
    tfolab.reset()
    tfolab.fault("random-loss", loss)
    shim = [lambda u=user: u.ask(0, COUNT) for user in users]
    plain = [lambda u=user: u.ask(5000, COUNT, None) for user in users]
    told = flow.together(lambda f: f(), shim + plain, 2 * USERS)
    lost = tfolab.counters()["c2s_syn_again"]
    tfolab.clear()
    paused = [user.is_paused() for user in users]
    wrong = [one.wrong for one in told if one.wrong]
    sums = [sum(one.seconds) for one in told]
    check(f"{loss}-stays-on", sum(paused) <= USERS // 2 and lost > 2 * COUNT * float(loss),
          f"paused {sum(paused)} of {USERS} runs of {COUNT} connections; {lost} SYNs "
          f"were sent again")
    check(f"{loss}-all-answered", not wrong and answered_once(users), f"{wrong[:2]}")
    note(f"{loss}: {COUNT} connections in {median(sums[:USERS]):.1f} s, "
         f"plain {median(sums[USERS:]):.1f} s (medians)")


def in_sum(loss):
    """Many at once, with Fast Open and without at the same time."""
    tfolab.delay(LONG)
    user = User(50)
    tfolab.fault("random-loss", loss)
    each = COUNT // BATCH
    told = flow.together(
        lambda i: user.ask(10000 + each * i, each, "own" if i % 2 else None),
        range(2 * BATCH), 2 * BATCH)
    tfolab.clear()
    plain, shim = (sum(s for one in told[k::2] for s in one.seconds) for k in (0, 1))
    wrong = [one.wrong for one in told if one.wrong]
    check(f"{loss}-in-sum", shim <= plain, f"{shim / plain:.3f} of plain: {shim:.1f} of "
          f"{plain:.1f} s for {COUNT} connections each, RTT {LONG} ms")
    check(f"{loss}-in-sum-stays-on", not user.is_paused())
    check(f"{loss}-in-sum-answered", not wrong and answered_once([user]), f"{wrong[:2]}")
    tfolab.delay(flow.RTT)


def story():
    numbered.cookies(*HOSTS)
    for loss in LOSSES:
        in_sum(loss)
        stays_on(loss)


if __name__ == "__main__":
    flow.main(story, delay=5, limit=240)
