#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""connect() tells the truth about a port that nobody listens on, though the cookie of
its host is known; and again about a server that has just died."""

import shutil
import socket
import threading

import flow
import tfolab
from flow import SERVER4, check

REFUSED = "Connection refused"
LATER = "Operation now in progress, " + REFUSED


def knock(state, *words):
    done = flow.run([flow.peer("knock"), *words], state, timeout=20)
    return done.out.splitlines() if done.code == 0 else [str(done)]


def prove(state, port, host=SERVER4):
    """This program writes first there, and is answered."""
    for _ in range(3):
        said = knock(state, "write", 1, host, port)
    return said == ["ok, ok, answer"]


def closed(state):
    """The same program is proven on another port of that host, which has a cookie."""
    service, port = flow.Service(), flow.closed_port()
    check("proven", prove(state, service.port))
    cookies = sum(1 for s in flow.syns_to(service.port) if s["cookie"] > 0)
    check("cookie-known", cookies >= 1, f"{cookies} SYNs carried one")
    for mode, wanted in (("blocking", REFUSED), ("poll", LATER)):
        said = knock(state, mode, 45, SERVER4, port)
        for _ in range(5):  # and in new processes
            said += knock(state, mode, 1, SERVER4, port)
        check(f"closed-{mode}", said == [wanted] * 50,
              f"{said.count(wanted)} of 50 {sorted(set(said) - {wanted})[:2]}")
    said = knock(state, "blocking", 20, SERVER4, port, SERVER4, service.port)
    check("address-loop", said == [REFUSED + "; ok"] * 20, f"{set(said)}")
    address_loop(state, service, SERVER4, port)
    address_loop(state, service, "::1", port)


def address_loop(state, service, host, port):
    """The second address of a loop that writes is held back; the first refuses."""
    for _ in range(3):  # until it was prompt enough
        said = knock(state, "write", 5, host, port, SERVER4, service.port)
        rode = [s["payload"] for s in flow.syns_to(service.port)[-4:]].count(b"ping")
        if rode == 4:
            break
    check(f"address-loop-writes-{host}", rode == 4 and
          said == [REFUSED + "; ok, ok, answer"] * 5, f"{rode} of 4 in the SYN, {said}")


def died(state):
    """The first error un-proves it for everybody."""
    for mode, wanted in (("blocking", REFUSED), ("poll", LATER)):
        service = flow.Service()
        check(f"died-{mode}-proven", prove(state, service.port))
        service.stop()
        first = knock(state, "write", 1, SERVER4, service.port)
        check(f"died-{mode}-first-error", first[0].endswith(REFUSED), str(first))
        said = knock(state, mode, 20, SERVER4, service.port)
        check(f"died-{mode}-truth-again", said == [wanted] * 20, f"{set(said)}")
        service = flow.Service(port=service.port)
        said = knock(state, "write", 3, SERVER4, service.port)
        check(f"died-{mode}-back-again", said == ["ok, ok, answer"] * 3, f"{said}")
        service.stop()


def died_event_loop(state):
    """A nonblocking program learns it from its first read, and from connect() again."""
    service = flow.Service()
    words = [flow.peer("request"), "poll", SERVER4, service.port]
    proven = [flow.run(words, state).code for _ in range(3)]
    check("died-event-loop-proven", proven == [0] * 3, str(proven))
    service.stop()
    first, *later = [flow.run(words, state).err.strip() for _ in range(6)]
    check("died-event-loop-first-error",
          first in ("recv: " + REFUSED, "poll: Success"), first)
    check("died-event-loop-truth-again", later == ["connect: " + REFUSED] * 5,
          str(later))


def knocks(state):
    """connect and close, nothing written, of a program that wrote before: the server
    sees it, and it is not believed twice when the server has gone."""
    service = flow.Service()
    prove(state, service.port)
    before = len(service.seen)
    said = knock(state, "blocking", 3, SERVER4, service.port)
    check("knock-open", said == ["ok"] * 3, str(said))
    check("knock-is-seen", service.wait(before + 3),
          f"{len(service.seen) - before} of 3")
    service.stop()
    said = knock(state, "blocking", 5, SERVER4, service.port)
    check("knock-truth", said == [REFUSED] * 5, f"{said}")


def own_host():
    """Over loopback the kernel is asked whether somebody listens now."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    listener.setsockopt(socket.IPPROTO_TCP, tfolab.TCP_FASTOPEN, 64)
    port = listener.getsockname()[1]

    def serve():
        try:
            while True:
                conn, _ = listener.accept()
                with conn:
                    while conn.recv(100):
                        conn.sendall(b"pong")
        except OSError:
            pass

    threading.Thread(target=serve, daemon=True).start()
    state = flow.scratch()
    check("own-host-proven", prove(state, port, "127.0.0.1"))
    words = ("write", 5, "::1", port, "127.0.0.1", port)
    said, bare = knock(state, *words), knock(None, *words)
    check("own-host-address-loop", said == bare == [REFUSED + "; ok, ok, answer"] * 5,
          f"{set(said)}, bare {set(bare)}")
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    for mode, wanted in (("blocking", REFUSED), ("poll", LATER)):
        said = knock(state, mode, 10, "127.0.0.1", port)
        bare = knock(None, mode, 10, "127.0.0.1", port)
        check(f"own-host-died-{mode}", said == bare, f"{set(said)}, bare {set(bare)}")


def netcat():
    """Debian's nc, unmodified."""
    if not shutil.which("nc"):
        return flow.skip("nc", "nc is not here")
    state, service, port = flow.scratch(), flow.Service(), flow.closed_port()

    def status(under, to):
        return flow.run(["nc", "-z", "-w", "2", SERVER4, to], under).code

    for turn in range(5):
        told = status(state, service.port), status(state, port)
        bare = status(None, service.port), status(None, port)
        if not check(f"nc-open-closed-{turn}", told == bare == (0, 1),
                     f"{told} bare {bare}"):
            break
    service.stop()
    told = [status(state, service.port) for _ in range(5)]
    check("nc-died", told == [1] * 5, f"{told}")


def story():
    state = flow.scratch()
    closed(state)
    died(state)
    died_event_loop(state)
    knocks(state)
    own_host()
    netcat()


if __name__ == "__main__":
    flow.main(story)
