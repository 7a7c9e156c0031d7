# SPDX-License-Identifier: MIT
"""Uninstalled, a root is what it was."""

import subprocess

from told import check
from world import TFO


def run(world):
    def picture(root):
        found = subprocess.run(["find", ".", "-printf", "%p %m %U %s\\n"], cwd=root, check=True,
                               capture_output=True, text=True)
        return sorted(found.stdout.split("\n"))
    for name, root in world.roots.items():
        subprocess.run([TFO, "uninstall", "--container", root], check=True, capture_output=True)
        before = [line for line in picture(root) if not line.startswith(". ")]
        world.launcher(root, False)
        got = subprocess.run([TFO, "uninstall", "--container", root], capture_output=True, text=True,
                             check=False)
        after = [line for line in picture(root) if not line.startswith(". ")]
        check(f"{name}: uninstalled without a trace", got.returncode == 0 and before == after, got)
