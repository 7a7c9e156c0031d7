#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A middlebox answers SYNs with data by RST: each connection is opened again, plainly,
and the program hears of nothing; what is really closed is told as without us."""

import os
import shutil
import sys

import flow
import tfolab
from flow import SERVER4, SERVER6, check

FAULT = "rst-syn-data"
TEXT = "ping"
LARGE = 100000
CLOSED = "Connection refused"
# A refusal each time, and none of them makes a pause.
POLICY = "[connect *]\nstrikes = 100\nbaseline = off\nslower-than = 100\n"
MORE = {"writing": b"and again", "pushing": b"and again"}  # a second write
ALONE = {"crowd"}  # it is a hundred connections by itself
PLAIN = {"two-sets"}  # what several sets wait for does not ride
TRIALS = {"blocking": 100, "poll": 100, "select": 100, "level": 100, "edge": 100,
          "oneshot": 100, "spinning": 30, "pushing": 30, "asking": 30}

ASYNCIO = """
import asyncio, sys
async def main():
    good = 0
    for _ in range(int(sys.argv[3])):
        reader, writer = await asyncio.open_connection(sys.argv[1], int(sys.argv[2]))
        writer.write(b"GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
        good += b"pong" in await reader.read()
        writer.close()
    print(good)
asyncio.run(main())
"""
URLLIB = """
import sys, urllib.request
host = sys.argv[1] if "." in sys.argv[1] else f"[{sys.argv[1]}]"
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
how = {} if sys.argv[4] == "blocking" else {"timeout": 10}
print(sum(opener.open(f"http://{host}:{sys.argv[2]}/", **how).read() == b"pong"
          for _ in range(int(sys.argv[3]))))
"""


def large_request():
    """What the peer `lost` sends."""
    text = bytearray(b"0123456789abcdef"[i * 7 // 16 % 16] for i in range(LARGE))
    text[:len(TEXT)] = TEXT.encode()
    return bytes(text)


class Story:
    """One client against one server of its own, proven and then refused."""

    def __init__(self, name, host, handler=flow.answer):
        self.name = f"{name}-{'ipv6' if ':' in host else 'ipv4'}"
        self.host, self.state = host, flow.scratch()
        self.service = flow.Service(handler)
        self.before = 0

    def run(self, words, under=True, timeout=20):
        return flow.run(words, self.state if under else None, timeout,
                        TFOSHIM_POLICY=POLICY_FILE)

    def prove(self, words, payload):
        """Until its first bytes ride; then the fault is on."""
        for _ in range(10):
            done = self.run(words)
            if flow.syns_to(self.service.port)[-1]["payload"].startswith(payload):
                break
        self.service.wait(1)
        self.before = len(self.service.seen)
        tfolab.reset()
        tfolab.fault(FAULT, f"on port={self.service.port}")
        return done

    def requests(self):
        """What the server has got since."""
        return [bytes(seen.data) for seen in self.service.seen[self.before:]]

    def refused(self):
        count = tfolab.counters()[f"c2s_refused_by_{FAULT}"]
        tfolab.clear()
        return count


def lost(mode, host):
    """The peer `lost`, in one of its modes."""
    trials = TRIALS.get(mode, 1 if mode in ALONE else 10)
    story = Story(mode, host)
    words = [flow.peer("lost"), mode, host, story.service.port, TEXT]
    story.prove([words[0], "blocking", *words[2:]], TEXT.encode())
    done = flow.together(lambda _: story.run(words), range(trials), 10)
    count = 100 if mode in ALONE else trials
    bad = [str(d) for d in done
           if d.code != 0 or d.out.strip() != ("100" if mode in ALONE else "1")]
    check(f"{story.name}-answered", not bad,
          f"{trials - len(bad)} of {trials} {bad[:2]}".rstrip("[] "))
    story.service.wait(story.before + count, 3)
    wanted = large_request() if mode.startswith("large") else \
        TEXT.encode() + MORE.get(mode, b"")
    got = [data for data in story.requests() if data]
    check(f"{story.name}-each-once", len(got) == count and set(got) == {wanted},
          f"{got.count(wanted)} of {count}, others "
          f"{[d[:20] for d in got if d != wanted][:3]}")
    refused = story.refused()
    check(f"{story.name}-was-refused", refused == 0 if mode in PLAIN else
          refused >= count * 9 // 10, f"{refused} of {count}")


def program(name, host, words, trials=100, each=1):
    """A program of others, against a web server."""
    story = Story(name, host, flow.http)
    words = [*words, host, story.service.port]
    story.prove([*words, each, "blocking"], b"GET / HTTP/1.1")
    done = [story.run([*words, trials // each, "blocking"], timeout=60)
            for _ in range(each)]
    good = sum(int(d.out) for d in done if d.code == 0 and d.out.strip().isdigit())
    check(f"{story.name}-answered", good == trials,
          f"{good} of {trials} {[str(d) for d in done if d.code][:1] or ''}")
    got = [data for data in story.requests() if data]
    whole = sum(1 for data in got if data.count(b"GET / HTTP/1.1\r\n") == 1)
    check(f"{story.name}-each-once", len(got) == whole == trials,
          f"{whole} of {len(got)}")
    refused = story.refused()
    check(f"{story.name}-was-refused", refused >= trials * 9 // 10,
          f"{refused} of {trials}")


def curl(host):
    if not shutil.which("curl"):
        return flow.skip("curl", "curl is not here")
    story = Story("curl", host, flow.http)
    at = f"[{host}]" if ":" in host else host
    words = ["curl", "-sS", "-m", "20", f"http://{at}:{story.service.port}/"]
    story.prove(words, b"GET / HTTP/1.1")
    done = flow.together(lambda _: story.run(words), range(100), 10)
    bad = [str(d) for d in done if d.code != 0 or d.out != "pong"]
    check(f"{story.name}-answered", not bad, f"{100 - len(bad)} of 100 {bad[:1] or ''}")
    got = [data for data in story.requests() if data]
    check(f"{story.name}-each-once",
          len(got) == 100 and all(d.count(b"GET ") == 1 for d in got), f"{len(got)}")
    refused = story.refused()
    check(f"{story.name}-was-refused", refused >= 90, f"{refused} of 100")


def closed(mode, host):
    """Nobody listens any more: the same error, a round trip later at most."""
    story = Story(f"closed-{mode}", host)
    words = [flow.peer("lost"), mode, host, story.service.port, TEXT]
    story.prove([words[0], "blocking", *words[2:]], TEXT.encode())
    tfolab.clear()
    story.service.stop()
    first, later, bare = story.run(words), story.run(words), story.run(words, False)
    said = "poll" if mode != "blocking" else "send"
    if mode == "blocking":
        good = first.err.strip() == f"{said}: {CLOSED}"
    else:
        good = first.err.startswith(said)
    check(f"{story.name}-first", first.code == 2 and good, str(first))
    check(f"{story.name}-in-time", first.seconds <= bare.seconds + 0.05,
          f"{first.seconds:.3f} s, bare {bare.seconds:.3f}")
    check(f"{story.name}-then-truth", (later.code, later.err) == (bare.code, bare.err),
          f"{later}, bare {bare}")


def story():
    modes = flow.run([flow.peer("lost"), "list"]).out.split()
    modes = [m for m in modes if not sys.argv[1:] or m in sys.argv[1:]]
    for host in (SERVER4, SERVER6):
        for mode in modes:
            lost(mode, host)
    if sys.argv[1:]:
        return
    for host in (SERVER4, SERVER6):
        curl(host)
        program("asyncio", host, [sys.executable, "-I", "-c", ASYNCIO])
        program("urllib", host, [sys.executable, "-I", "-c", URLLIB])
        for mode in ("blocking", "poll"):
            closed(mode, host)


if __name__ == "__main__":
    POLICY_FILE = flow.policy(POLICY)
    flow.temporary(os.path.dirname(POLICY_FILE))
    flow.main(story, limit=240)
