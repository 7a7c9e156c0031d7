#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Thousands of short-lived processes share one state directory, sixteen at a time, some
of them killed anywhere: all others are answered, and what they learned stays."""

import os
import random
import subprocess
import threading
import time

import flow
from flow import SERVER4, SERVER6, check

COUNT, AT_ONCE, PORTS = 3000, 16, range(7001, 7009)
MODES = ("blocking", "poll", "edge")
KILLED = 0.1  # of them


class Server:
    """The peer `answer`, under the shim; remembers what each connection brought."""

    def __init__(self):
        words = [os.environ["LAB"], "in", "server", flow.peer("answer"), *PORTS]
        self.process = flow.start(words, flow.scratch(), stdout=subprocess.PIPE)
        flow.wait_for(self.process)
        self.read = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        for line in self.process.stdout:
            self.read.append(bytes.fromhex((line.decode().split() + [""])[1]))


def words(i):
    host = SERVER6 if i % 5 == 0 else SERVER4
    return [flow.peer("request"), MODES[i % len(MODES)], host, PORTS[i % len(PORTS)]]


def one(state, i, dies_after):
    """None when it was killed before it ended; else whether it was answered."""
    process = flow.start(words(i), state, stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if dies_after is not None:
        time.sleep(dies_after)
        process.kill()
    try:
        out, _ = process.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        flow.end(process)
        return "hung"
    if process.returncode == -9 and dies_after is not None:
        return None
    said = out.decode(errors="replace").split()
    return process.returncode == 0 and said[1:] == ["pong"] or \
        f"status {process.returncode}, {out[-200:]}"


def sizes(directory):
    return {name: os.path.getsize(os.path.join(directory, name))
            for name in os.listdir(directory)
            if not name.startswith("ledger.")}  # of those who were killed


def crowd(state):
    dice = random.Random(1)
    fate = [0.06 * dice.random() if dice.random() < KILLED else None
            for _ in range(COUNT)]
    told = flow.together(lambda i: one(state, i, fate[i]), range(COUNT), AT_ONCE)
    killed = told.count(None)
    wrong = [(i, how) for i, how in enumerate(told) if how is not None and how is not True]
    check("all-answered", not wrong,
          f"{told.count(True)} of {COUNT - killed}, {wrong[:3]}")
    check("some-were-killed", killed > COUNT * KILLED / 4, f"{killed} of {COUNT}")
    return told.count(True)


def still_rides(state):
    """A new process finds what the crowd left."""
    for i, mode in enumerate(MODES):
        for host, name in ((SERVER4, ""), (SERVER6, "-ipv6")):
            port = PORTS[i]
            for _ in range(3):  # the last before it may have been killed
                done = flow.run([flow.peer("request"), mode, host, port], state)
                payload = flow.syns_to(port)[-1]["payload"]
                if payload == b"ping":
                    break
            check(f"still-rides-{mode}{name}", payload == b"ping" and done.code == 0,
                  f"{payload} {done}")


def story():
    flow.run([flow.peer("native"), SERVER4, flow.Service().port])  # the cookies
    flow.run([flow.peer("native"), SERVER6, flow.Service().port])
    server, state, alone = Server(), flow.scratch(), flow.scratch()
    flow.run(words(0), alone)
    began = time.monotonic()
    answered = crowd(state)
    flow.note(f"{COUNT} processes in {time.monotonic() - began:.1f} s")
    check("files-as-of-one", sizes(state) == sizes(alone),
          f"{sizes(state)} of one process {sizes(alone)}")
    time.sleep(0.5)
    whole = server.read.count(b"ping")
    strange = {data for data in server.read} - {b"ping", b""}
    check("each-byte-once", answered <= whole <= COUNT and not strange,
          f"{whole} requests for {answered} answers, others {list(strange)[:3]}")
    still_rides(state)
    flow.end(server.process)


if __name__ == "__main__":
    flow.main(story)
