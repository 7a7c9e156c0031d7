#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A path that loses Fast Open's SYNs, or the answers to them, costs two connections a
second each; from then on all are as fast as without us, new processes too. While it
lasts one connection tries at the end of each pause, and the pauses double; when it is
over Fast Open is back by itself, or at once by `tfo reset`."""

import itertools
import json
import os
import time

import flow
import numbered
import tfolab
from flow import OTHER4, OTHER6, SERVER4, SERVER6, check, median

STRIKES = 2
LATE = 0.5       # seconds: more than that was lost
TRIALS = 25      # requests after the strikes
PAUSE = 1.0      # s, by policy
LOST = 1.0       # s, until a SYN is sent again
SLACK = 0.6      # s, until somebody connects and may try

FAULTS = {  # where: addresses whose cookie is known, or must not be
    "drop-syn-data": (SERVER4, SERVER6), "drop-syn-option": (SERVER6, SERVER4),
    "drop-cookie-request": (OTHER4, OTHER6), "drop-synack-cookie": (OTHER6, OTHER4),
}


class Path:
    """A server behind a fault, and clients that share a memory."""

    numbers = itertools.count(1000, 50000)

    def __init__(self, fault, at, server, wire):
        self.fault, self.at, self.server, self.wire = fault, at, server, wire
        self.port, self.state = server.port, flow.scratch()
        self.name = f"{fault}-ipv{6 if ':' in at else 4}"
        self.number = next(self.numbers)
        self.place = f"{numbered.url_host(at)}:{self.port}"
        self.then = 0.0

    def ask(self, mode="blocking", state="own", **more):
        """The seconds of one request by a new process."""
        self.number += 1
        return numbered.seconds(numbered.by_peer(mode), self.at, self.port, self.number,
                                self.state if state == "own" else state, **more)

    def fault_on(self):
        tfolab.fault(self.fault, f"on port={self.port}")
        self.then = time.monotonic()

    def syns(self):
        """Of each connection since then."""
        return [syn for syn in self.wire.to(self.port, self.at)
                if syn["time"] > self.then]

    def paid(self):
        return numbered.paid(self.syns())

    def strike(self, **more):
        """Until they are enough; the seconds of each request."""
        took = []
        while len(self.paid()) < STRIKES and len(took) < 2 * STRIKES:
            took.append(self.ask("poll" if len(took) % 2 else "blocking", **more))
        return took


# --- who pays ---------------------------------------------------------------------------

def compared(path):
    times = {"shim": [], "plain": []}
    for _ in range(TRIALS):
        times["shim"].append(path.ask())
        times["plain"].append(path.ask(state=None))
    return median(times["shim"]), median(times["plain"])


def prove(path):
    """They know it; one of them stays."""
    path.old = numbered.Caller("poll", path.at, path.port, path.number + 500, path.state)
    if path.at in (SERVER4, SERVER6):
        for _ in range(3):
            path.ask()
        path.old.ask()


def pays(path):
    took = path.strike()
    for _ in range(8):  # a busy machine may try again
        shim, plain = compared(path)
        if shim <= 1.02 * plain:
            break
    old, status = path.old.ask(), path.old.stop()
    late, paid = [s for s in took if s > LATE], len(path.paid())
    check(f"{path.name}-two-pay", paid == STRIKES and len(late) <= STRIKES,
          f"{paid} connections lost their SYN, {STRIKES} may: "
          f"{', '.join(f'{s:.2f}' for s in took)} s")
    check(f"{path.name}-then-as-plain", shim <= 1.02 * plain,
          f"{shim / plain:.3f} of plain: {1000 * shim:.2f} of {1000 * plain:.2f} ms, "
          f"median of {TRIALS} new processes")
    check(f"{path.name}-who-was-there-knows", old < LATE and status == 0,
          f"{1000 * old:.2f} ms")
    syns = numbered.connections(path.syns())
    options = sum(1 for syn in syns if numbered.has_option(syn))
    check(f"{path.name}-wire", options <= STRIKES + 1,
          f"{options} of {len(syns)} SYNs with Fast Open")


# --- how long ---------------------------------------------------------------------------

def forget_cookie(at):
    """The kernel's; where that cannot be, there is but one try."""
    return flow.run(["ip", "tcp_metrics", "delete", at]).code == 0


def while_it_lasts(path):
    """New processes and old ones; whoever asks, and when the fault has ended."""
    env = {"TFOSHIM_POLICY": flow.policy(f"[connect *]\npause = {PAUSE:.0f}s\n")}
    path.fault_on()
    path.strike(**env)
    crowd = numbered.Crowd(path.at, path.port, path.number + 500, path.state, **env)
    until = time.monotonic() + 14 * PAUSE
    while time.monotonic() < until and len(path.paid()) < STRIKES + 2:
        time.sleep(0.05)
    tfolab.fault(path.fault, f"off port={path.port}")
    over = time.monotonic()
    time.sleep(LOST + 4 * PAUSE + SLACK + 1.5)
    crowd.stop()
    return crowd, over


def told(path, crowd, over):
    """By the wire: what is shown, whether it holds, and figures."""
    syns = numbered.connections(path.syns())
    paid = [syn["time"] for syn in path.paid()]
    tried = [syn["time"] for syn in syns if numbered.has_option(syn)]
    back = [t for t in tried if paid and t > max(paid[-1], over)]
    gaps = [b - a for a, b in zip(paid[1:], paid[2:] + back[:1])]
    wanted = [LOST + PAUSE * 2 ** i for i in range(3)]
    yield (f"{path.name}-pauses-double", len(gaps) == len(wanted) and
           all(0 <= gap - w <= SLACK for gap, w in zip(gaps, wanted)),
           f"{len(paid)} paid; to the next {', '.join(f'{gap:.2f}' for gap in gaps)} s, "
           f"wanted {', '.join(f'{w:.0f}' for w in wanted)} and at most {SLACK} more")
    meanwhile = [syn["time"] for syn in syns
                 if len(paid) > STRIKES and paid[STRIKES - 1] < syn["time"] < over]
    others = [t for t in meanwhile if t in tried and t not in paid]
    yield (f"{path.name}-one-tries", meanwhile and not others,
           f"{len(paid) - STRIKES} tried, {len(others)} others with Fast Open of "
           f"{len(meanwhile)} meanwhile")
    last = [syn for syn in syns if back and syn["time"] > back[0] + 0.5]
    rode = sum(1 for syn in last if syn["payload"].startswith(b"GET /"))
    yield (f"{path.name}-back-by-itself", last and rode >= 0.7 * len(last),
           f"{rode} of the last {len(last)} SYNs with their request; the first tried "
           f"{back[0] - over if back else -1:.2f} s after the fault")
    twice = sum(1 for n in path.server.read().values() if n > 1)
    yield (f"{path.name}-all-answered", not crowd.wrong and not twice,
           f"{len(syns)} connections, {twice} requests twice {crowd.wrong[:2]}")


def doubles(where):
    for _ in range(3):  # a machine that stood still may try again
        path = Path(*where)
        verdicts = list(told(path, *while_it_lasts(path)))
        if all(good for _, good, _ in verdicts) or not forget_cookie(path.at):
            break
    for verdict in verdicts:
        check(*verdict)


# --- what is known of it ----------------------------------------------------------------

def tfo(path, *words):
    return flow.run([os.environ["TFO"], *words], TFOSHIM_STATE=path.state)


def reset(path):
    """The fault has gone; the pause has not."""
    done = tfo(path, "explain", "connect", "--json", path.place)
    said = json.loads(done.out)[0] if done.code == 0 else {}
    check(f"{path.name}-explained", "paused" in said.get("sentence", "") and
          "paused" in json.dumps(said.get("memory")), said.get("sentence", str(done)))
    path.then = time.monotonic()
    path.ask()
    done = tfo(path, "reset", path.place)
    for _ in range(5):
        path.ask()
    options = [numbered.has_option(syn) for syn in numbered.connections(path.syns())]
    check(f"{path.name}-reset", done.code == 0 and options == [False] + 5 * [True],
          f"Fast Open: {options}, {done}")


def story():
    numbered.cookies(SERVER4, SERVER6)
    wire = numbered.Wire()
    servers = {fault: numbered.Server() for fault in FAULTS}
    paths = [Path(fault, at, servers[fault], wire)
             for fault, places in FAULTS.items() for at in places]
    flow.together(prove, paths)
    for path in paths:
        path.fault_on()
    flow.together(pays, paths, 4)
    flow.together(doubles, [(fault, places[0], servers[fault], wire)
                            for fault, places in FAULTS.items()])
    if "TFO" in os.environ:
        flow.together(reset, paths)


if __name__ == "__main__":
    flow.main(story, delay=40, limit=240)
