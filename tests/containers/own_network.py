# SPDX-License-Identifier: MIT
"""Containers whose network namespace the engine has made: what a server and a client have of it
as it begins, and where it was allowed more. They join the lab as an engine's plugins do it."""

import re
import statistics
import subprocess

import tfolab
from told import check
from wire import IN_SERVER, LOOP, SERVER, passive, stories, times_of, wait_for
from world import LAUNCHER, RTT

# The namespace of the lab that a container is behind, and a /30 for both.
BEHIND_SERVER = (IN_SERVER, "198.51.100.1", "198.51.100.2")
BEHIND_CLIENT = ((), "198.51.100.5", "198.51.100.6")
TELLS = (r"(tfo|entrypoint): net\.ipv4\.tcp_fastopen is 1 in this network namespace: clients have "
         r"Fast Open with 1, servers with 2, both with 3\n")


def join(container, where):
    """A cable into the namespace, and the ways there. False: the container has ended."""
    before, ours, theirs = where
    pid = container.pid()
    if not pid:
        return False
    for words in (
            [*before, "ip", "link", "add", "cable", "type", "veth", "peer", "name", "eth0", "netns",
             str(pid)],
            [*before, "sh", "-c", f"ip addr add {ours}/30 dev cable && ip link set cable up && "
             "echo 1 > /proc/sys/net/ipv4/ip_forward"],
            ["nsenter", "-n", "-t", str(pid), "sh", "-c", f"ip addr add {theirs}/30 dev eth0 && "
             f"ip link set eth0 up && ip route add default via {ours}"],
            [*([] if before else IN_SERVER), "ip", "route", "replace", theirs, "dev", "wire"]):
        subprocess.run(words, check=True)
    return True


def server(world, story, script, value):
    """One of its own network: 1 is what it begins with, 3 what it was allowed."""
    name = f"{story.name}, {'script' if script else 'static tfo'}, a network with {value}"
    root, address = world.roots[story.root], BEHIND_SERVER[2]
    options = [*story.options, *(["--sysctl=net.ipv4.tcp_fastopen=3"] if value == 3 else [])]
    one = world.engine.start(root, [LAUNCHER, *story.server], options, ["--network=none"],
                             before=IN_SERVER)
    if not (join(one, BEHIND_SERVER) and wait_for(story.port, one.process, address)):
        return check(f"{name}: the server starts", False, one.end("KILL"))
    inside = ["nsenter", "-n", "-t", str(one.pid())]
    was = passive(inside)
    tfolab.reset()
    times, said = times_of(world, story, root, [LAUNCHER])
    accepted, taken = tfolab.counters()["s2c_synack_data_acked"], passive(inside) - was
    check(f"{name}: {'data' if value == 3 else 'no data'} in SYNs is taken", len(times) == 9 and
          (accepted >= 5 and taken >= accepted if value == 3 else not accepted + taken),
          f"wire {accepted}, kernel {taken}", times, said)
    _, _, err = one.end("KILL")
    told = re.findall(TELLS, err)
    return check(f"{name}: {'nothing is told' if value == 3 else 'a line says why'}",
                 len(told) == (value == 1), err)


def times_in_own(world, root, launcher):
    """Milliseconds, and what was said: of a client that begins once its network is there."""
    words = [*launcher, "sh", "-c", "read go; " + LOOP.format(SERVER, 80)]
    one = world.engine.start(root, words, ["-i"], ["--network=none"], stdin=subprocess.PIPE)
    join(one, BEHIND_CLIENT)
    one.process.stdin.write("go\n")
    one.process.stdin.flush()
    _, out, err = one.end(None, 60)
    return [float(line) * 1e3 for line in out.split()], err


def client(world, script):
    """In a network of its own as it begins: it has the round trip, and a line about servers."""
    root, name = world.roots["bookworm"], f"client, {'script' if script else 'static tfo'}"
    here = world.engine.start(root, [LAUNCHER, "nginx", "-g", "daemon off;"], before=IN_SERVER)
    wait_for(80, here.process)
    for _ in range(3):  # a busy machine may try again
        plain, silent = times_in_own(world, root, [])
        fast, told = times_in_own(world, root, [LAUNCHER])
        saved = statistics.median(plain or [0]) - statistics.median(fast[-5:] or [0])
        if saved >= 0.8 * RTT:
            break
    here.end()
    check(f"{name}, a network with 1: it saves the round trip", len(plain) == len(fast) == 9 and
          saved >= 0.8 * RTT, f"{saved:.1f} ms of {RTT}", plain, fast)
    check(f"{name}, a network with 1: a line tells of servers", not silent and
          re.fullmatch(TELLS, told), silent, told)


def run(world):
    for story in stories(BEHIND_SERVER[2]):
        for script in story.scripts:
            if story.root not in world.roots:
                continue
            root = world.roots[story.root]
            world.launcher(root, script)
            world.script(root, "docker-entrypoint.sh", "#!/bin/sh\nset -e\ncd /\nexec \"$@\"\n")
            for value in (1, 3):
                server(world, story, script, value)
    if "bookworm" in world.roots:
        for script in (False, True):
            world.launcher(world.roots["bookworm"], script)
            client(world, script)
