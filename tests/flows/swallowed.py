#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Once a SYN with data has passed, everything else on that connection is dropped: after
two SYNs without an answer what may be repeated is asked again on a new connection, by
the same socket; what may not be is not, and has its error as soon as without us."""

import os
import shutil
import sys

import flow
import tfolab
from flow import SERVER4, SERVER6, check, median

FAULT = "drop-after-syn-data"
GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
# The fault each time, and none of them makes a pause.
POLICY = "[connect *]\nstrikes = 100\nbaseline = off\nslower-than = 100\n"
MODES = ("blocking", "poll", "select", "level", "edge", "oneshot")
MORE = ("large", "large-blocking", "reading", "shutdown", "close", "exit", "exec",
        "dup", "alarms", "crowd")
RETRIES = "/proc/sys/net/ipv4/tcp_syn_retries"
SOON = 4.0  # seconds: two SYNs, and a new connection
LATE = 1.5

URLLIB = """
import sys, urllib.request
host = sys.argv[1] if "." in sys.argv[1] else f"[{sys.argv[1]}]"
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
print(opener.open(f"http://{host}:{sys.argv[2]}/").read().decode())
"""
ASYNCIO = """
import asyncio, sys
async def main():
    reader, writer = await asyncio.open_connection(sys.argv[1], int(sys.argv[2]))
    writer.write(b"GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
    print((await reader.read()).decode()[-4:])
asyncio.run(main())
"""


class Story:
    """One client against one server of its own, proven and then swallowed."""

    def __init__(self, name, host, words, handler=flow.answer):
        self.name = f"{name}-{'ipv6' if ':' in host else 'ipv4'}"
        self.state, self.service = flow.scratch(), flow.Service(handler)
        self.words = [self.service.port if w is None else w for w in words]

    def run(self, words=None, under=True, timeout=30):
        return flow.run(words or self.words, self.state if under else None, timeout,
                        TFOSHIM_POLICY=POLICY_FILE)

    def prove(self, words=None):
        for _ in range(10):
            self.run(words)
            if flow.syns_to(self.service.port)[-1]["payload"]:
                break
        tfolab.reset()
        tfolab.fault(FAULT, f"on port={self.service.port}")

    def ends(self, done, wanted):
        bad = [str(d) for d in done if d.code != 0 or d.out.strip() != wanted]
        rode = tfolab.counters()["c2s_syn_data"]
        tfolab.clear()
        took = [d.seconds for d in done]
        check(f"{self.name}-answered", not bad and rode >= len(done) * 9 // 10,
              f"{len(done) - len(bad)} of {len(done)}, {rode} SYNs with data, "
              f"{bad[:2] or ''}")
        check(f"{self.name}-in-time", max(took) < SOON + 1 * (wanted == "100"),
              f"median {median(took):.2f} s, worst {max(took):.2f}")


def lost(mode, host, trials):
    """The peer `lost`, in one of its modes."""
    text = "GET /" if mode.startswith("large") else GET  # a path of any length
    words = [flow.peer("lost"), mode, host, None, text]
    story = Story(mode, host, words)
    story.prove([words[0], "blocking", host, story.service.port, GET])
    before = len(story.service.seen)
    done = flow.together(lambda _: story.run(), range(trials), 50)
    count = 100 if mode == "crowd" else trials

    def whole():
        return sum(1 for seen in story.service.seen[before:]
                   if seen.eof and seen.data.startswith(text.encode()))

    story.service.wait(count, 2, lambda seen: whole() >= count)
    check(f"{story.name}-heard", whole() == count,
          f"{whole()} of {count} connections to their end")
    story.ends(done, "100" if mode == "crowd" else "1")


def program(name, host, words, trials):
    story = Story(name, host, words, flow.http)
    story.prove()
    done = flow.together(lambda _: story.run(), range(trials), trials // 5)
    story.ends(done, "pong")


def once(mode):
    """Nobody knows whether "ping" may be said twice: TCP's own patience, its own error."""
    words = [flow.peer("lost"), mode, SERVER4, None, "ping"]
    story = Story(f"once-{mode}", SERVER4, words)
    story.prove([words[0], "blocking", SERVER4, story.service.port, "ping"])
    before = len(story.service.seen)
    done = story.run()
    heard = sum(1 for seen in story.service.seen[before:] if seen.data)
    tfolab.clear()
    check(f"{story.name}", done.code == 2 and heard == 1,
          f"heard {heard} times, {done}, {done.seconds:.1f} s")


def vanished(mode):
    """The host has gone as well: the error, and no later than without us."""
    words = [flow.peer("lost"), mode, SERVER4, None, GET]
    story = Story(f"vanished-{mode}", SERVER4, words)
    story.prove([words[0], "blocking", SERVER4, story.service.port, GET])
    tfolab.clear()
    tfolab.fault("drop-all", f"on port={story.service.port}")
    first, bare = flow.together(lambda under: story.run(under=under), (True, False))
    tfolab.clear()
    check(f"{story.name}", first.code == bare.code == 2 and
          first.seconds < bare.seconds + LATE,
          f"{first}, {first.seconds:.1f} s, bare {bare.seconds:.1f}")


def few_retries():
    """Waits that a test can wait for."""
    try:
        with open(RETRIES, "w", encoding="ascii") as retries:
            retries.write("2")
    except OSError as error:
        return flow.skip("vanished", f"{RETRIES}: {error}")
    return True


def story():
    wanted = set(sys.argv[1:])
    for host in (SERVER4, SERVER6):
        for mode in MODES + MORE:
            if not wanted or mode in wanted:
                lost(mode, host, 100 if mode in MODES else 1 if mode == "crowd" else 10)
    for host in (SERVER4, SERVER6) if not wanted else ():
        at = f"[{host}]" if ":" in host else host
        if shutil.which("curl"):
            words = ["sh", "-c", f"exec curl -sS -m 25 http://{at}:$0/", None]
            program("curl", host, words, 100)
        else:
            flow.skip("curl", "curl is not here")
        program("urllib", host, [sys.executable, "-I", "-c", URLLIB, host, None], 25)
        program("asyncio", host, [sys.executable, "-I", "-c", ASYNCIO, host, None], 25)
    for what, name in ((once, "once"), (vanished, "vanished")):
        if (not wanted or name in wanted) and few_retries():
            for mode in ("blocking", "poll"):
                what(mode)


if __name__ == "__main__":
    POLICY_FILE = flow.policy(POLICY)
    flow.temporary(os.path.dirname(POLICY_FILE))
    flow.main(story, limit=300)
