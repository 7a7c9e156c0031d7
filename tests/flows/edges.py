#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What programs rarely do first on a connection: every call says the same with the shim
as without, and the server reads the same bytes, each once."""

import errno
import sys
import time

import flow
from flow import SERVER4, SERVER6, check

ALONE = "edge_alone"  # it changes the kernel's mind for all
PROGRAMS = ("edge_args", "edge_ask", "edge_bad", "edge_cancel", "edge_close", "edge_end",
            "edge_greeted", "edge_moved", "edge_number", "edge_other", "edge_process",
            "edge_thread", "edge_write")
# What must ride in the SYN, so that the trouble is worth something.
RIDES = {
    "dup_write": b"dup", "writev_two": b"writev", "sendmsg_two": b"sendmsg",
    "sendmmsg_three": b"one", "sendto_address": b"sendto", "send_dontwait": b"dontwait",
    "two_writes": b"one", "zero_write": b"after", "zero_send": b"after",
    "get": b"GET / HTTP/1.1\r\n\r\n", "send_more": b"to", "toggled": b"toggled",
    "options": b"cork", "shutdown_after_send": b"last",
    "exit_after_send": b"exit", "send_timeout": b"timeout", "whole_page": b"h",
}
RIDE_A_SEGMENT = ("big_write", "big_send", "big_writev", "two_segments")
BY_IPV6_TOO = ("all_close_range", "args_names", "args_sendto", "asleep_recv",
               "bad_getpeername", "close_unwritten", "connect_again", "connect_unspec",
               "fork_child_first", "greeted_read", "information", "linger_five",
               "loop_edge_before_blocking", "multipath_writes", "names_before_and_after",
               "names_bound", "names_nonblocking", "open_by_sendmsg", "poll_both", "post",
               "sendmsg_two", "sendto_address", "shutdown_at_once", "two_writes",
               "vfork_dup2_exec", "writev_two")
MAPPED = "::ffff:" + SERVER4  # IPv4 by a socket of IPv6
HELD_BACK = ("post", "post_nonblocking", "post_cut", "send_oob")


TWO_SPEAK = ("asleep_first", "fork", "greeted_parent", "loop", "spawn")
# Held back, but another thread may have written before it can be asked: the SYN says it.
RACED = {
    "loop_edge_before": b"loop", "loop_edge_before_blocking": b"loop",
    "loop_and_a_busy_thread": b"loop", "loop_level_after": b"loop",
    "loop_level_after_blocking": b"loop",
}


# How they end is not compared.  Bare, the answer that makes the end a reset comes at the
# very time of the close; a signal kills it in its first round trip; another process has
# it too, or another number, and all close within the first round trip (README).
ENDS_EITHER_WAY = ("all_", "bad_waits", "cloned_closes", "loop_all_closed")


def ending(seen):
    """How it ended at the server; after a FIN a reset shows itself as EPIPE."""
    if seen.eof or seen.error and seen.error.errno == errno.EPIPE:
        return "EOF"
    return errno.errorcode[seen.error.errno] if seen.error else "open"


def trial(program, case, state, host):
    handler = flow.greet if case.startswith("greeted_") else flow.answer
    service = flow.Service(handler)
    done = flow.run([flow.peer(program), case, host, service.port], state)
    done.port = service.port
    time.sleep(3 * flow.RTT / 1000)  # what is under way arrives
    service.wait(len(service.seen), 1)
    done.read = sorted((bytes(seen.data), ending(seen)) for seen in service.seen)
    if case.startswith(ENDS_EITHER_WAY):
        done.read = [(data, "any") for data, _ in done.read]
    if case.startswith("raw_"):  # closed behind our back: nothing can be sent any more
        done.read = [one for one in done.read if one[0]]
    for text in done.err.split():
        if not text.isdigit():
            done.code = f"{done.code} {done.err}"
    done.held = set(done.err.split()) == {"1"}
    if case in RACED:
        done.held |= flow.syns_to(service.port)[-1]["payload"] == RACED[case]
    service.stop()
    return done


def brief(read):
    return [(data if len(data) < 60 else f"{len(data)} bytes", end)
            for data, end in read]


def compare(program, case, host=SERVER4):
    name = case.replace("_", "-") + {SERVER6: "-ipv6", MAPPED: "-mapped"}.get(host, "")
    bare = trial(program, case, None, host)
    if bare.code is None:
        return check(name, False, f"the test itself, bare: {bare}")
    for _ in range(3):  # until its connect() was held back
        done = trial(program, case, flow.scratch(), host)
        if done.code is None or sorted(done.out) != sorted(bare.out) or done.held:
            break
    told, wanted = done.out.splitlines(), bare.out.splitlines()
    if case.startswith(TWO_SPEAK):  # each in order, together in any
        told, wanted = sorted(told), sorted(wanted)
    if (done.code, told) != (bare.code, wanted):
        differ = [(a, b) for a, b in zip(told, wanted) if a != b]
        return check(name, False, f"differs (shim, bare): {differ[:3]}, "
                     f"{len(told)} and {len(wanted)} lines, "
                     f"status {done.code} and {bare.code}")
    if done.read != bare.read:
        return check(name, False, f"the server read {brief(done.read)}, bare "
                     f"{brief(bare.read)}")
    if not done.held:
        return check(name, False, f"its connect() was never held back: {done.err}")
    last = flow.syns_to(done.port)[-1]
    rode, length = last["payload"], last["payload_length"]
    if case in RIDES and rode != RIDES[case]:
        return check(name, False, f"the SYN carried {rode!r}, not {RIDES[case]!r}")
    if case in RIDE_A_SEGMENT and length < 1000:
        return check(name, False, f"the SYN carried {length} bytes")
    if case in HELD_BACK and (length or last["cookie"] <= 0):
        return check(name, False, f"the SYN carried {rode!r}, cookie {last['cookie']}")
    return check(name, True,
                 f"{len(bare.out.splitlines())} lines as bare, SYN {length} bytes")


def cookies():
    for host in (SERVER4, SERVER6):
        flow.run([flow.peer("native"), host, flow.Service().port])


def story():
    cookies()
    cases = [(program, case) for program in (*PROGRAMS, ALONE)
             for case in flow.run([flow.peer(program), "list"]).out.split()
             if case in (sys.argv[1:] or case)]
    check("cases", len(cases) > 100 or len(sys.argv) > 1, str(len(cases)))
    cases += [(*one, host) for one in cases if one[1] in BY_IPV6_TOO
              for host in (SERVER6, MAPPED)]
    together = [one for one in cases if one[0] != ALONE]
    flow.together(lambda one: compare(*one), together, at_once=4)
    for one in cases:
        if one[0] == ALONE:
            compare(*one)
            cookies()


if __name__ == "__main__":
    flow.main(story)
