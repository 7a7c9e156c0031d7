# SPDX-License-Identifier: MIT
"""Where things are; the engine, the roots that could be made, and the two launchers."""

import os
import re
import shutil
import subprocess
import sys

import engine
import roots
import told

SRC = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("BUILD", "."))
TFO = os.path.join(BUILD, "tfo")
LAB = os.environ.get("LAB") or os.path.join(BUILD, "tests/lab/lab")
RTT = 20
LAUNCHER = "/tfoshim/entrypoint"
sys.path.insert(1, os.path.join(SRC, "tests", "lab"))


class World:
    """What each part is given."""

    def __init__(self, place):
        self.place = place
        self.engine = engine.Engine(os.path.join(place, "engine"))
        self.roots = {"musl": roots.musl(place, SRC), "scratch": roots.scratch(place, SRC)}
        for name in roots.DEBIAN:
            root, why = roots.debian(name, place)
            if root:
                self.roots[name] = root
            else:
                told.skip(name, why)

    def launcher(self, root, script):
        """Puts the one or the other into a root."""
        done = subprocess.run([TFO, "install", "--container", root], capture_output=True,
                              text=True, check=False)
        if script:
            shutil.copy(os.path.join(SRC, "wrappers/container-entrypoint"),
                        os.path.join(root, "tfoshim/entrypoint"))
        return done

    def tfo_run(self, root):
        """The third, which is not for containers only."""
        shutil.copy(os.path.join(SRC, "wrappers/tfo-run"), os.path.join(root, "tfoshim"))

    def script(self, root, name, text):
        path = os.path.join(root, name)
        with open(path, "w", encoding="utf-8") as to:
            to.write(text)
        os.chmod(path, 0o755)


def beside(err):
    """What is on stderr, without the static tfo's line about a shell of no loader."""
    return re.sub(r"^tfo: /\S+ is [^\n]*statically linked: [^\n]*\n", "", err, count=1, flags=re.M)
