#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A path that takes the Fast Open option or the data out of SYNs, or a listener that has
no Fast Open, costs nothing: no time, and so no pause."""

import flow
import numbered
import tfolab
from flow import OTHER4, OTHER6, SERVER4, SERVER6, check, median

COUNT = 60
LAST = 20  # of which most still try

CASES = {  # fault, address (whose cookie is known, or not), the listener's queue
    "strip-syn-data": ("strip-syn-data", SERVER4, 256),
    "strip-syn-data-ipv6": ("strip-syn-data", SERVER6, 256),
    "strip-option": ("strip-option", SERVER4, 256),
    "strip-option-ipv6": ("strip-option", SERVER6, 256),
    "strip-option-no-cookie": ("strip-option", OTHER4, 256),
    "strip-option-reply-no-cookie": ("strip-option-reply", OTHER6, 256),
    "no-fast-open": (None, SERVER4, 0),
    "no-fast-open-ipv6": (None, SERVER6, 0),
    "no-fast-open-no-cookie": (None, OTHER4, 0),
}


class Case:
    """One destination, and clients of it in turns: under the shim, and bare."""

    def __init__(self, name, servers, wire):
        self.fault, self.at, qlen = CASES[name]
        self.name, self.wire = name, wire
        self.server = servers.setdefault(self.fault or name,
                                         numbered.Server(fastopen=qlen))
        self.state = flow.scratch()

    def ask(self, number, state):
        mode = ("blocking", "poll", "edge")[number % 3]
        more = {"TFOSHIM_POLICY": flow.policy("# nothing\n")} if state else {}
        return numbered.seconds(numbered.by_peer(mode), self.at, self.server.port,
                                number, state, **more)

    def times(self, first):
        shim, plain = [], []
        for i in range(COUNT):
            shim.append(self.ask(first + i, self.state))
            plain.append(self.ask(first + COUNT + i, None))
        return shim, plain

    def run(self):
        first = 1000 * (1 + list(CASES).index(self.name))
        for i in range(8):  # a busy machine may try again
            shim, plain = self.times(first + 2 * COUNT * i)
            if median(shim) <= 1.02 * median(plain):
                break
        check(f"{self.name}-nothing-lost", median(shim) <= 1.02 * median(plain),
              f"{median(shim) / median(plain):.3f} of plain: {1000 * median(shim):.2f} "
              f"of {1000 * median(plain):.2f} ms; sums {sum(shim):.2f} of "
              f"{sum(plain):.2f} s, {COUNT} connections each")
        syns = numbered.connections(self.wire.to(self.server.port, self.at))[-2 * LAST:]
        tries = sum(1 for syn in syns if numbered.has_option(syn))
        check(f"{self.name}-no-pause", tries >= 0.7 * LAST,
              f"{tries} of the last {LAST} still try")


def story():
    numbered.cookies(SERVER4, SERVER6)
    servers = {}
    wire = numbered.Wire()
    cases = [Case(name, servers, wire) for name in CASES]
    for case in cases:
        if case.fault:
            tfolab.fault(case.fault, f"on port={case.server.port}")
    flow.together(Case.run, cases, 5)
    counters = tfolab.counters()
    for fault in ("strip-syn-data", "strip-option", "strip-option-reply"):
        n = sum(counters[f"{way}_altered_by_{fault}"] for way in ("c2s", "s2c"))
        check(f"{fault}-was-met", n >= COUNT // 2, f"{n} packets")
    read = [n for server in servers.values() for n in server.read().values()]
    check("answered-once", set(read) == {1}, f"{len(read)} requests")


if __name__ == "__main__":
    flow.main(story, delay=40, limit=240)
