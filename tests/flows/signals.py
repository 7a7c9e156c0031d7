#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A storm of signals during the first send, over 100 ms: the server reads the bytes
exactly once, every time. A blocking Fast Open send would deliver them twice."""

import collections

import flow
import tfolab
from flow import SERVER4, check

TRIALS = 200
SLICED = 60
SOON = 40  # ms; a busy machine's


def bytes_of(size):
    return bytes(ord("a") + i % 26 for i in range(size))


def storm(mode, size, under, trials=TRIALS, at_once=20):
    """So many clients; what their servers read, and how the clients ended."""
    service = flow.Service()

    def client(_):
        state = flow.scratch() if under else None
        words = [flow.peer("storm"), mode, size, SERVER4, service.port]
        return flow.run(words, state, 20)

    tfolab.reset()
    done = flow.together(client, range(trials), at_once)
    service.wait(2 * trials, 10)
    read = collections.Counter(bytes(seen.data) for seen in service.seen)
    service.stop()
    return done, read, tfolab.counters()


def exactly_once(name, mode, size):
    done, read, counters = storm(mode, size, under=True)
    good = sum(1 for d in done if d.code == 0 and d.out == f"pongbye {size}\n")
    wrong = [str(d) for d in done if d.code != 0 or d.out != f"pongbye {size}\n"]
    check(f"{name}-clients", good == TRIALS, f"{good} of {TRIALS} {wrong[:2]}")
    exact = read[bytes_of(size)]
    sizes = sorted({len(d) for d in read if d not in (bytes_of(size), b"prime")})
    check(f"{name}-bytes-once", exact == TRIALS and read[b"prime"] == TRIALS,
          f"{exact} of {TRIALS}, primes {read[b'prime']}, others' lengths {sizes[:5]}")
    rode = counters["c2s_syn_data"]
    check(f"{name}-rode-in-the-syn", rode >= TRIALS * 3 // 4,
          f"{rode} of {TRIALS} (the rest was not prompt enough)")


def between_slices(wait):
    """While closed connections linger, a wait is cut into slices: a signal ends it."""
    service = flow.Service()
    done = flow.run([flow.peer("slices"), wait, SLICED, SERVER4, service.port],
                    flow.scratch(), 60)
    service.wait(1 + 20 * SLICED, 10)
    whole = sum(1 for seen in service.seen if bytes(seen.data) == b"slice")
    service.stop()
    check(f"signal-ends-{wait}", done.code == 0 and done.out == f"{SLICED}\n",
          f"{done.out.strip()} of {SLICED} {done.err}")
    check(f"signal-ends-{wait}-bytes", whole == 20 * SLICED,
          f"{whole} of {20 * SLICED} read")


def ends_a_sleep(way):
    """A closed connection is still opening, or a promise is: a signal that comes before
    the sleep has begun, because we wait first, ends it as it would have."""
    words = [flow.peer("cut"), way, SERVER4]
    bare = flow.run([*words, flow.Service().port])
    done = flow.run([*words, flow.Service().port], flow.scratch())
    check(f"signal-ends-{way}", done.code == 0 and done.out == bare.out and
          int(done.err) <= int(bare.err) + SOON,
          f"{done}, bare {bare.out.strip()} after {bare.err.strip()} ms")


def story():
    flow.run([flow.peer("native"), SERVER4, flow.Service().port])  # the cookie
    done, read, _ = storm("native", 500, under=False, trials=20)
    twice = sum(n for d, n in read.items() if len(d) > 500)
    flow.note(f"a blocking Fast Open send by hand delivered {twice} of 20 twice")
    for mode in ("restart", "interrupt", "stop"):
        exactly_once(mode, mode, 500)
    exactly_once("restart-long", "restart", 5000)
    exactly_once("interrupt-long", "interrupt", 5000)
    for wait in ("poll", "ppoll", "select", "pselect", "epoll", "epoll_pwait"):
        between_slices(wait)
    for way in flow.run([flow.peer("cut"), "list"]).out.split():
        ends_a_sleep(way)


if __name__ == "__main__":
    flow.main(story, delay=100)
