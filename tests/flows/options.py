#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The socket options of a policy: each is what the program's own getsockopt() says, on its
connections, its listeners and what these accept, and nothing else is; what the program
sets itself stays; datagrams and local sockets are left alone.  TCP_QUICKACK is seen on the
wire."""

import os
import socket
import subprocess

import flow
import tfolab
from flow import SERVER4, check

# key: (value in the policy, what getsockopt() says then)
COMMON = {
    "nodelay": ("on", {"nodelay": "1"}),
    "keepalive": ("60s/10s/5", {"keepalive": "1", "idle": "60", "interval": "10",
                                "count": "5"}),
    "user-timeout": ("2500ms", {"user-timeout": "2500"}),
    "linger2": ("9s", {"linger2": "9"}),
    "congestion": ("reno", {"congestion": "reno"}),
}
LISTEN = {
    "defer-accept": ("3s", {"defer-accept": "3"}),
    "reuseport": ("on", {"reuseport": "1"}),
    "qlen": ("77", {"fastopen": "77"}),
    "no-cookie": ("on", {"no-cookie": "1"}),
}
# What a program that sets options itself has; not Fast Open's.
OWN = ("nodelay", "quickack", "keepalive", "idle", "interval", "count", "user-timeout",
       "linger2", "congestion")
OWN_LISTENER = (*OWN, "defer-accept", "reuseport")
TALKS = 30
_ports = iter(range(8001, 9000))


def rules(section, keys, where="*"):
    text = f"[{section} {where}]\n" + "".join(f"{key} = {value}\n"
                                        for key, value in keys.items())
    return {"TFOSHIM_POLICY": flow.policy(text)}


def looks(text):
    """The peer's lines: {when: {option: value}}"""
    lines = [line.split() for line in text.splitlines() if "=" in line]
    return {line[0]: dict(pair.split("=") for pair in line[1:]) for line in lines}


def changes(after, before):
    return {key: value for key, value in after.items() if before.get(key) != value}


def client(service, own="none", state=None, **more):
    done = flow.run([flow.peer("options"), "client", own, SERVER4, service.port],
                    state, **more)
    if done.code != 0 or done.err:
        raise RuntimeError(f"client: {done}")
    return looks(done.out)


def server(own="none", state=None, **more):
    """What a server says of its listener and of one connection."""
    port = next(_ports)
    words = [os.environ["LAB"], "in", "server", flow.peer("options"), "server", own, port]
    process = flow.start(words, env=flow.environment(state, **more),
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    said = process.stdout.readline().decode()
    flow.wait_for(process)
    flow.run([flow.peer("request"), "blocking", SERVER4, port])
    out, err = process.communicate(timeout=5)
    if process.returncode != 0 or err:
        raise RuntimeError(f"server: {process.returncode} {err}")
    return looks(said + out.decode())


# --- each key, and nothing else -------------------------------------------------------

def on_connects(service):
    state = flow.scratch()
    for _ in range(2):
        bare = client(service, "none", state)  # under the shim, without a policy
    for key, (value, wanted) in COMMON.items():
        got = client(service, "none", state, **rules("connect", {key: value}))
        seen = [changes(got[when], bare[when]) for when in ("connected", "received")]
        check(f"connect-{key}", seen == [wanted, wanted], f"{seen}")
    everything = {key: value for key, (value, _) in COMMON.items()}
    wanted = {name: value for _, all_of in COMMON.values()
              for name, value in all_of.items()}
    got = client(service, "none", state, **rules("connect", everything))
    check("connect-all", changes(got["received"], bare["received"]) == wanted,
          f"{changes(got['received'], bare['received'])}")
    got = client(service, "none", state,
                 **rules("connect", {"tfo": "off", "nodelay": "on"}))
    check("connect-without-fast-open", got["received"]["nodelay"] == "1",
          str(got["received"]["nodelay"]))
    got = client(service, "none", state, **rules("listen", everything))
    check("connect-is-not-listen", got == bare, "")


def on_listeners():
    bare = server("none", flow.scratch())
    stages = ("listening", "accepted", "received")
    for key, (value, wanted) in {**COMMON, **LISTEN}.items():
        got = server("none", flow.scratch(), **rules("listen", {key: value}))
        seen = [changes(got[when], bare[when]) for when in stages]
        good = seen == [wanted] * 3 if key in COMMON else seen[0] == wanted
        check(f"listen-{key}", good, f"{seen}")
    everything = {key: value for key, (value, _) in COMMON.items()}
    got = server("none", flow.scratch(), **rules("connect", everything))
    check("listen-is-not-connect", got == bare, "")


def share_a_port():
    """Two servers at one port: only where the rule lets them."""
    for name, value, both in (("with", "on", True), ("off", "off", False),
                              ("without", None, False)):
        port = next(_ports)
        more = rules("listen", {"reuseport": value}) if value else {}
        words = [os.environ["LAB"], "in", "server", flow.peer("options"), "hold", port]
        first = flow.start(words, env=flow.environment(flow.scratch(), **more),
                           stdout=subprocess.PIPE)
        first.stdout.readline()
        flow.wait_for(first)
        second = flow.run(words, flow.scratch(), 1, **more)
        good = second.code is None and "ready" in second.out if both else \
            second.code == 2 and "in use" in second.err
        check(f"reuseport-{name}", good, str(second))
        flow.end(first)


# --- the program's own ----------------------------------------------------------------

OTHERS = {"nodelay": "on", "quickack": "on", "keepalive": "60s/10s/5",
          "user-timeout": "2500ms", "linger2": "9s", "congestion": "reno"}


def own_stays(service):
    for own in ("before", "after"):
        bare, got = client(service, own), client(
            service, own, flow.scratch(), **rules("connect", OTHERS))
        for when in ("connected", "received"):
            seen = {key: got[when][key] for key in OWN}
            check(f"own-{own}-{when}", seen == {key: bare[when][key] for key in OWN} and
                  seen["keepalive"] == "1" and seen["linger2"] == "7", f"{seen}")
    for own in ("before", "after"):
        bare = server(own)
        got = server(own, flow.scratch(), **rules("listen", dict(
            OTHERS, **{"defer-accept": "3s", "reuseport": "on"})))
        for when in ("listening", "accepted", "received"):
            keys = OWN_LISTENER if when == "listening" else OWN
            seen = {key: got[when][key] for key in keys}
            check(f"own-listener-{own}-{when}",
                  seen == {key: bare[when][key] for key in keys}, f"{seen}")
    off = client(service, "before", flow.scratch(), **rules("connect", {
        "keepalive": "off", "nodelay": "on"}))
    check("own-keepalive-stays-on", off["received"]["keepalive"] == "1", "")


def others_left_alone():
    every = dict(OTHERS)
    for what, words in (("udp", ["udp", SERVER4, 99]), ("unix", ["unix"])):
        words = [flow.peer("options"), *words]
        bare = flow.run(words)
        for section, more in (("connect", {}),
                              ("listen", {"reuseport": "on", "defer-accept": "3s"})):
            got = flow.run(words, flow.scratch(), **rules(section, {**every, **more}))
            check(f"{what}-{section}", (got.code, got.out, got.err) ==
                  (0, bare.out, "") and "keepalive=0" in bare.out,
                  str(changes(looks(got.out), looks(bare.out))))


# --- acknowledgements -----------------------------------------------------------------

def echo(conn, seen):
    conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while True:
        got = conn.recv(4096)
        if not got:
            return
        seen.data += got
        conn.sendall(got)


def acknowledgements(side):
    """Packets of that side that carry nothing at all."""
    counted = tfolab.counters()
    kinds = ("syn", "data", "fin") if side == "c2s" else ("synack", "data", "fin")
    return counted[f"{side}_packets"] - sum(counted[f"{side}_{kind}"] for kind in kinds)


def talk(service, state, **more):
    tfolab.reset()
    done = flow.run([flow.peer("options"), "talk", SERVER4, service, TALKS], state, **more)
    return done, looks(done.out).get("received", {}).get("quickack")


def quick_client():
    service = flow.Service(echo)
    state = flow.scratch()
    seen = {}
    for name, more in (("without", {}), ("on", rules("connect", {"quickack": "on"})),
                       ("not-here", rules("connect", {"quickack": "on"},
                                          tfolab.OTHER4))):
        for _ in range(2):  # the second one is held back
            done, option = talk(service.port, state, **more)
        seen[name] = acknowledgements("c2s"), option, done.code
    few, many, other = seen["without"], seen["on"], seen["not-here"]
    check("quickack-connect-on-the-wire", many[0] >= TALKS - 2 and few[0] <= TALKS / 3 and
          other[0] <= TALKS / 3 and many[2] == few[2] == 0,
          f"{many[0]} acknowledgements alone, without the rule {few[0]}, {other[0]}")
    check("quickack-after-recv", (few[1], many[1], other[1]) == ("0", "1", "0"),
          f"getsockopt says {few[1]}, with the rule {many[1]}")
    got = client(service, "none", state, **rules("connect", {"quickack": "on"}))
    check("quickack-after-each-recv", got["received"]["quickack"] == "1", "")


def quick_server():
    seen = {}
    for name, more in (("without", {}), ("on", rules("listen", {"quickack": "on"}))):
        port = next(_ports)
        words = [os.environ["LAB"], "in", "server", flow.peer("options"), "echo", port]
        process = flow.start(words, env=flow.environment(flow.scratch(), **more),
                             stdout=subprocess.PIPE)
        flow.wait_for(process)
        done = [talk(port, None)[0] for _ in range(2)][-1]
        seen[name] = acknowledgements("s2c"), done.code
        flow.end(process)
    few, many = seen["without"], seen["on"]
    check("quickack-accepted-on-the-wire", many[0] >= TALKS - 2 and few[0] <= TALKS / 3 and
          many[1] == few[1] == 0,
          f"{many[0]} acknowledgements alone, without the rule {few[0]}")


def caged():
    """A program that filters its own system calls is not killed by these."""
    service = flow.Service()
    for how in ("prctl", "number"):
        done = flow.run([flow.peer("caged"), how, SERVER4, service.port], flow.scratch(),
                        **rules("connect", OTHERS))
        check(f"cage-{how}", (done.code, done.out, done.err) == (0, "done\n", ""),
              str(done))


def story():
    service = flow.Service()
    on_connects(service)
    on_listeners()
    share_a_port()
    own_stays(service)
    others_left_alone()
    quick_client()
    quick_server()
    caged()


if __name__ == "__main__":
    flow.main(story, delay=5)
