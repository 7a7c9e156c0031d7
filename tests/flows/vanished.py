#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A destination that answered lately is silent now: whoever was told that it is
connected hears connect()'s own error, no later than connect() would have said it; and
the next connect() says it itself."""

import flow
import tfolab
from flow import SERVER4, check

TIMED_OUT = "Connection timed out"
LATE = 1.5  # seconds
RETRIES = "/proc/sys/net/ipv4/tcp_syn_retries"
WAYS = {  # the program's words, and the call that hears of it
    "blocking": ("request", "blocking", "send"),
    "poll": ("request", "poll", "recv"),
    "edge": ("request", "edge", "recv"),
    "reads-blocking": ("reader", "blocking", "recv"),
    "reads-poll": ("reader", "poll", "recv"),
    "reads-select": ("reader", "select", "recv"),
}


class Way:
    """One program, bare and under the shim, and a server of its own."""

    def __init__(self, name):
        self.name = name
        self.program, self.mode, self.hears = WAYS[name]
        self.state = flow.scratch()
        self.service = flow.Service(
            flow.greet if self.program == "reader" else flow.answer)

    def run(self, state, mode=None):
        return flow.run([flow.peer(self.program), mode or self.mode, SERVER4,
                         self.service.port], state, 20)

    def prove(self):
        """It writes first there, and is answered; a reader will read another time."""
        mode = "write" if self.program == "reader" else self.mode
        for _ in range(6):
            self.run(self.state, mode)
            if flow.syns_to(self.service.port)[-1]["payload"] == b"ping":
                return True
        return False


def silent(way, bare, first, second):
    check(f"{way.name}-bare", bare.code == 2 and TIMED_OUT in bare.err, str(bare))
    check(f"{way.name}-error", first.code == 2 and
          first.err.strip() == f"{way.hears}: {TIMED_OUT}", str(first))
    check(f"{way.name}-in-time", first.seconds <= bare.seconds + LATE,
          f"{first.seconds:.2f} s, bare {bare.seconds:.2f}")
    check(f"{way.name}-then-truth", (second.code, second.err) == (bare.code, bare.err)
          and abs(second.seconds - bare.seconds) < LATE,
          f"{second}, {second.seconds:.2f} s")


def story():
    flow.run([flow.peer("native"), SERVER4, flow.Service().port])  # the cookie
    try:
        with open(RETRIES, "w", encoding="ascii") as retries:
            retries.write("1")
    except OSError as error:
        flow.cannot(f"{RETRIES}: {error}")
    ways = [Way(name) for name in WAYS]
    for way in ways:
        check(f"{way.name}-proven", way.prove())
    tfolab.fault("drop-all")
    bare = flow.together(lambda way: way.run(None), ways)
    first = flow.together(lambda way: way.run(way.state), ways)
    second = flow.together(lambda way: way.run(way.state), ways)
    for results in zip(ways, bare, first, second):
        silent(*results)


if __name__ == "__main__":
    flow.main(story)
