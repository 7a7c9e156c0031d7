#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""connect, send, close at once, over 100 ms: everything sent arrives, and the end of
the connection is not late, whether the program ends at once or stays."""

import flow
import tfolab
from flow import SERVER4, check

ROADS = ("return", "exit", "_exit", "quick_exit", "exec", "signal-exit")
STAYS = (["epoll"], ["poll"], ["select"], ["sleep"], ["read"], ["wait"],
         ["joined", "sleep"], ["detached", "sleep"])
LATE = 0.025  # seconds


def closers(words, count, under=True, service=None, at_once=25, timeout=15):
    service = service or flow.Service()
    how = [w if isinstance(w, (list, tuple)) else [w] for w in words]

    def client(i):
        state = flow.scratch() if under else None
        words = [flow.peer("closer"), *how[i % len(how)], SERVER4, service.port]
        done = flow.run(words, state, timeout)
        done.state = state
        return done

    tfolab.reset()
    done = flow.together(client, range(count), at_once)
    service.wait(2 * count, 3)
    return service, done


def ends_at_once(name, words, count=200):
    service, done = closers([[*words, road] for road in ROADS], count)
    bad = [str(d) for d in done if d.code != 0]
    check(f"{name}-clients", not bad, f"{count - len(bad)} of {count} {bad[:2]}")
    arrived = [seen for seen in service.seen if seen.data.startswith(b"payload")]
    ended = [seen for seen in arrived if seen.eof]
    check(f"{name}-payloads", len(arrived) == count, f"{len(arrived)} of {count}")
    check(f"{name}-ends", len(ended) == count, f"{len(ended)} of {count} by EOF, "
          f"others {[(str(s.error), bytes(s.data)) for s in arrived if not s.eof][:3]}")
    rode = tfolab.counters()["c2s_syn_data"]
    check(f"{name}-rode-in-the-syn", rode >= count * 9 // 10, f"{rode} of {count}")


def stays(words):
    """The server's data and EOF are a round trip apart, while the client stays."""
    how = "-".join(words)
    for kind, under in (("plain", False), ("shim", True)):
        service, done = closers([words], 10, under, at_once=10)
        bad = [str(d) for d in done if d.code != 0]
        if not check(f"stay-{how}-{kind}", not bad, str(bad[:1] or "")):
            return
        payloads = [seen for seen in service.seen if seen.data.startswith(b"payload")]
        late = [seen.ended - seen.first for seen in payloads if seen.ended]
        stayed = sorted(int(d.out.split()[1]) for d in done)
        closed = max(int(d.out.split()[0]) for d in done)
        limit = flow.RTT / 1000 + LATE
        check(f"stay-{how}-{kind}-end-in-time", len(late) == 10 and max(late) <= limit,
              f"EOF {1000 * max(late or [0]):.0f} ms after the data at worst, limit "
              f"{1000 * limit:.0f}, {len(late)} of 10; close() took {closed} us")
        if words[0] not in ("wait", "read", "detached"):
            check(f"stay-{how}-{kind}-sleeps-right", 995_000 <= stayed[5] <= 1_160_000,
                  f"a second lasted {stayed[5] / 1000:.0f} ms")


def knocks():
    """Nothing written: the server sees a connection and its end; then the truth."""
    for name, words in (("knock", ["knock"]),
                        ("knock-blocking", ["blocking", "knock"])):
        service, done = closers([[*words, road] for road in ROADS], 50)
        bad = [str(d) for d in done if d.code != 0]
        check(f"{name}-clients", not bad, str(bad[:2] or ""))
        empty = [s for s in service.seen if not s.data and s.eof]
        check(f"{name}-seen", len(empty) == 50, f"{len(empty)} of 50")
        service.stop()
        again = [flow.run([flow.peer("closer"), *words, "exit", SERVER4, service.port],
                          d.state) for d in done[:10]]
        truth = sum(1 for d in again if d.code == 2 and "connect: Conn" in d.err)
        check(f"{name}-then-truth", truth == 10, f"{truth} of 10 {again[0]}")


def black_hole():
    """The SYN is lost: close() does not wait, and what was sent arrives by the next."""
    for then in ("epoll", "_exit"):
        service, state = flow.Service(), flow.scratch()
        tfolab.fault("drop-syn-data", f"on port={service.port}")
        done = flow.run([flow.peer("closer"), then, SERVER4, service.port], state, 10)
        took = int(done.out.split()[0]) if done.out else -1
        check(f"lost-syn-{then}-close", done.code == 0 and took < 20_000,
              f"close() took {took} us; {done}")
        service.wait(2, 3)
        data = [bytes(seen.data) for seen in service.seen]
        check(f"lost-syn-{then}-arrives",
              data == [b"prime", b"payload " + then.encode()], str(data))
        dropped = tfolab.counters()["c2s_dropped_by_drop-syn-data"]
        check(f"lost-syn-{then}-was-lost", dropped >= 1, f"{dropped} dropped")
        tfolab.clear()


def story():
    flow.run([flow.peer("native"), SERVER4, flow.Service().port])  # the cookie
    ends_at_once("nonblocking", [])
    ends_at_once("blocking", ["blocking"], 60)
    for how in STAYS:
        stays(how)
    knocks()
    black_hole()


if __name__ == "__main__":
    flow.main(story, delay=100)
