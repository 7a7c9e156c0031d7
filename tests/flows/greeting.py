#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A server that speaks first: its greeting arrives, and from the second connection on
one round trip sooner; also to a program that wrote first the last time."""

import flow
from flow import SERVER4, SERVER6, check, median

WAYS = ("blocking", "poll", "select", "level", "edge")
TRIALS = 12


def read(way, port, state, host=SERVER4):
    """ms until the greeting."""
    done = flow.run([flow.peer("reader"), way, host, port], state)
    if done.code != 0 or "220 hello" not in done.out:
        raise RuntimeError(f"{way}: {done}")
    return int(done.out.split()[0]) / 1000


def sooner(name, pair):
    """pair() gives ms without and with the shim. A busy machine may try again."""
    for _ in range(8):
        plain, shim = zip(*(pair() for _ in range(TRIALS)))
        a, b = median(plain), median(shim)
        if b <= 0.55 * a:
            break
    check(name, b <= 0.55 * a,
          f"{b / a:.3f}: plain {a:.1f} ms, shim {b:.1f} (worst {max(shim):.1f})")


def reads_first(way, host=SERVER4, name=""):
    service, state = flow.Service(flow.greet), flow.scratch()

    def pair():
        return (read(way, service.port, None, host),
                read(way, service.port, state, host))

    read(way, service.port, state, host)
    sooner(f"{way}{name}", pair)


def wrote_before(way):
    """Proven as a writer each time: the SYN is held back when it comes to read."""
    service, state = flow.Service(flow.greet), flow.scratch()

    def pair():
        read("write", service.port, state)
        read("write", service.port, state)
        return read(way, service.port, None), read(way, service.port, state)

    sooner(f"{way}-wrote-before", pair)


def story():
    flow.run([flow.peer("native"), SERVER4, flow.Service().port])  # the cookies
    flow.run([flow.peer("native"), SERVER6, flow.Service().port])
    for way in WAYS:
        reads_first(way)
        wrote_before(way)
    reads_first("blocking", SERVER6, "-ipv6")


if __name__ == "__main__":
    flow.main(story)
