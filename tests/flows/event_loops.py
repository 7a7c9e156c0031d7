#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A nonblocking connect() on a proven destination looks to every kind of event loop as
without the shim, step by step, and its first write rides in the SYN."""

import os
import shutil

import flow
from flow import SERVER4, check, median


def step_by_step(way):
    """What each step says, bare and under the shim."""
    late = way.startswith("late-")  # to gain is not asked of these
    service = flow.Service()
    bare = flow.run([flow.peer("loop"), way, SERVER4, service.port])
    if bare.code != 0 or "writable: 1" not in bare.out or "readable: 1" not in bare.out:
        return check(way, False, f"the test itself, bare: {bare}")
    for _ in range(3):  # until it was prompt enough to be proven
        service = flow.Service()
        port = service.port
        done = flow.run([flow.peer("loop"), way, SERVER4, port], flow.scratch())
        if (done.code, done.out) != (bare.code, bare.out):
            told, wanted = done.out.splitlines(), bare.out.splitlines()
            differ = [(a, b) for a, b in zip(told, wanted) if a != b]
            return check(way, False, f"differs (shim, bare): {differ} {done}")
        payloads = [s["payload"] for s in flow.syns_to(port)]
        if payloads[-1] == b"ping" or late:
            break
    service.wait(3)
    data = [bytes(seen.data) for seen in service.seen]
    return check(way, (payloads[-1] == b"ping" or late) and
                 data == [b"prime", b"prime", b"ping"],
                 f"as bare; rode in the SYN: {payloads[-1]}; server: {data[-1]}")


def many():
    """A loop with thirty at once."""
    bare = flow.run([flow.peer("loop"), "many", SERVER4, flow.Service().port])
    for _ in range(3):  # until it was prompt enough
        service = flow.Service()
        done = flow.run([flow.peer("loop"), "many", SERVER4, service.port],
                        flow.scratch())
        rode = [s["payload"] for s in flow.syns_to(service.port)].count(b"ping")
        if done.out != bare.out or rode == 30:
            break
    check("many", done.out == bare.out == "answered: 30\n", f"{done}, bare {bare}")
    check("many-ride", rode == 30, f"{rode} of 30 in the SYN; {done.seconds:.3f} s, "
          f"bare {bare.seconds:.3f} s")
    service.wait(32)
    read = [bytes(seen.data) for seen in service.seen].count(b"ping")
    check("many-bytes-once", read == 30, f"{read} of 30")


def java():
    if not shutil.which("java") or not shutil.which("javac"):
        return flow.skip("java", "java or javac is not here")
    classes = flow.scratch()
    here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers", "Nio.java")
    made = flow.run(["javac", "-d", classes, here], timeout=40)
    if made.code:
        return check("java", False, f"javac: {made}")
    count, took = 12, {}
    for kind, state in (("plain", None), ("shim", flow.scratch())):
        service = flow.Service()
        words = ["java", "-cp", classes, "Nio", SERVER4, service.port, count]
        done = flow.run(words, state, timeout=20)
        lines = [line.split() for line in done.out.splitlines()]
        check(f"java-nio-{kind}", done.code == 0 and
              [line[1] for line in lines] == ["pong"] * count, str(done)[:300])
        took[kind] = [int(line[0]) / 1000 for line in lines[1:]]
    rode = [s["payload"] for s in flow.syns_to(service.port)].count(b"ping")
    check("java-nio-rides", rode >= count - 3, f"{rode} of {count} in the SYN")
    if took["plain"] and took["shim"]:
        plain, shim = median(took["plain"]), median(took["shim"])
        check("java-nio-saves-a-round-trip", plain - shim >= 0.85 * flow.RTT,
              f"plain {plain:.1f} shim {shim:.1f} ms")


def story():
    flow.run([flow.peer("native"), SERVER4, flow.Service().port])  # the cookie
    ways = flow.run([flow.peer("loop"), "list"]).out.split()
    check("ways", len(ways) > 15, f"{len(ways)} to wait")
    flow.together(step_by_step, ways, at_once=4)
    many()
    java()


if __name__ == "__main__":
    flow.main(story)
