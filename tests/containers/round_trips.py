# SPDX-License-Identifier: MIT
"""Each kind of container: its server takes data in SYNs, its client saves the round trip."""

import re
import statistics

import tfolab
from told import check
from wire import IN_SERVER, passive, stories, times_of, wait_for
from world import LAUNCHER, RTT


def play(world, story, script):
    """Bare, then with the launcher on both sides."""
    root = world.roots[story.root]
    name = f"{story.name}, {'script' if script else 'static tfo'}"
    world.launcher(root, script)
    world.script(root, "docker-entrypoint.sh", "#!/bin/sh\nset -e\ncd /\nexec \"$@\"\n")
    launcher = [LAUNCHER]
    server = world.engine.start(root, [*launcher, *story.server], story.options,
                                before=IN_SERVER)
    if not wait_for(story.port, server.process):
        return check(f"{name}: the server starts", False, server.end("KILL"))
    for _ in range(3):  # a busy machine may try again
        plain, _ = times_of(world, story, root, [])
        tfolab.reset()
        was = passive()
        times, said = times_of(world, story, root, launcher)
        accepted, taken = tfolab.counters()["s2c_synack_data_acked"], passive() - was
        last, median = times[-5:], statistics.median(plain or [0])
        saved = median - statistics.median(last or [0])
        if saved >= 0.8 * RTT:
            break
    check(f"{name}: the server takes data in SYNs", accepted >= 5 and taken >= accepted,
          f"wire {accepted}, kernel {taken}")
    check(f"{name}: the client saves the round trip", len(times) == len(plain) == 9 and
          saved >= 0.8 * RTT, f"{saved:.1f} ms of {RTT}", times, plain, said)
    static_shell = story.root == "musl" and not script
    check(f"{name}: {'one line' if static_shell else 'nothing'} on stderr",
          re.fullmatch(r"tfo: /bin/sh is statically.*only what it starts.*\n", said)
          if static_shell else not said, said)
    status, _, err = server.end("KILL" if "answer" in story.server[0] else "TERM")
    bare = world.engine.start(root, story.server, story.options, before=IN_SERVER)
    wait_for(story.port, bare.process)
    wanted, _, bare_err = bare.end("KILL" if "answer" in story.server[0] else "TERM")
    check(f"{name}: the server ends as it does bare", status == wanted and
          len(err.splitlines()) == len(bare_err.splitlines()), status, wanted, err, bare_err)
    return True


def run(world):
    for story in stories():
        for script in story.scripts:
            if story.root in world.roots:
                play(world, story, script)
