#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The kernel's own pause, which nothing shows but that Fast Open is gone: `tfo doctor` finds
it, and what it tells to paste ends it."""

import json
import os
import socket
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "flows"))
import flow  # noqa: E402
import tfolab  # noqa: E402
from flow import SERVER4, check  # noqa: E402

TIMEOUT = "/proc/sys/net/ipv4/tcp_fastopen_blackhole_timeout_sec"


def doctor():
    """Its line about the loopback."""
    done = flow.run([os.environ["TFO"], "doctor", "--json"], timeout=20)
    return next(c for c in json.loads(done.out)["checks"] if c["name"] == "loopback")


def send(port):
    """Data in the SYN, as far as the kernel does it."""
    sock = socket.socket()
    sock.setblocking(False)
    try:
        sock.sendto(b"hello", tfolab.MSG_FASTOPEN, (SERVER4, port))
    except BlockingIOError:
        pass
    return sock


def stopped():
    """How often the kernel has stopped its clients here."""
    with open("/proc/self/net/netstat", encoding="ascii") as file:
        names, values = file.readline().split(), file.readline().split()
    return int(dict(zip(names, values))["TCPFastOpenBlackhole"])


def story():
    far = flow.Service()
    with open(TIMEOUT, "w", encoding="ascii") as to:
        to.write("300")
    check("before", doctor()["level"] == "ok", doctor())
    for _ in range(2):
        send(far.port)
        time.sleep(0.2)
    tfolab.fault("drop-all")
    kept = [send(far.port) for _ in range(3)]
    until = time.monotonic() + 30
    while not stopped() and time.monotonic() < until:
        time.sleep(0.2)
    if not check("the kernel has stopped its clients", stopped() > 0, str(len(kept))):
        return
    said = doctor()
    check("doctor finds it", said["level"] == "fail" and "pause is under way" in said["fact"],
          "" if said["level"] == "fail" else str(said))
    command = said["remedies"][0]["command"] if said["remedies"] else "false"
    flow.run(["sh", "-c", command])
    said = doctor()
    check("what it tells to paste ends it", said["level"] == "ok", command)


if __name__ == "__main__":
    flow.main(story, labs={"as it comes": ()})
