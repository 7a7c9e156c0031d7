# SPDX-License-Identifier: MIT
"""An LD_PRELOAD that is there is kept, and used."""

import os
import subprocess

from told import check, skip
from world import LAUNCHER


def run(world):
    root = world.roots.get("bookworm")
    if not root:
        return skip("LD_PRELOAD", "there is no root of glibc")
    subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", root + "/other.so"], check=True,
                   input="int getpid(void) { return 4711; }\n", text=True)
    for script in (False, True):
        world.launcher(root, script)
        name = "script" if script else "static tfo"
        got = world.engine.run(root, [LAUNCHER, "sh", "-c", "echo $LD_PRELOAD; "
                                      "grep -c -e /other.so -e /tfoshim/lib /proc/self/maps"],
                               ["-e", "LD_PRELOAD=/other.so"])
        lines = got.stdout.split()
        check(f"{name}: an LD_PRELOAD is kept", lines[:1] == ["/tfoshim/libtfoshim.so:/other.so"]
              and int(lines[1]) >= 4 and not got.stderr, got)
        got = world.engine.run(root, [LAUNCHER, LAUNCHER, "sh", "-c", "echo $LD_PRELOAD"])
        check(f"{name}: one behind another", got.stdout == "/tfoshim/libtfoshim.so\n", got)
        got = world.engine.run(root, [LAUNCHER, "sh", "-c", "echo -$LD_PRELOAD"],
                               ["-e", "TFOSHIM_OFF=1"])
        check(f"{name}: TFOSHIM_OFF", "libtfoshim" not in got.stdout or
              "static" in name and not got.returncode, got)
    os.unlink(root + "/other.so")
    listed = os.path.join(world.place, "ld.so.preload")
    with open(listed, "w", encoding="ascii") as to:
        to.write("/tfoshim/libtfoshim.so\n")
    got = world.engine.run(root, ["grep", "-c", "/tfoshim/lib", "/proc/self/maps"],
                           ["-v", listed + ":/etc/ld.so.preload:ro"])
    return check("an ld.so.preload that is mounted", got.stdout.strip().isdigit() and
                 int(got.stdout) >= 2 and not got.stderr, got)
