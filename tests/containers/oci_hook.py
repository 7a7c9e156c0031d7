# SPDX-License-Identifier: MIT
"""The OCI hook: a container's own namespace, and what its annotation asks for."""

import os
import subprocess

from told import check
from world import SRC


def run(world):
    root, place = world.roots["musl"], os.path.join(world.place, "hooks.d")
    os.makedirs(place)
    with open(os.path.join(SRC, "wrappers/oci/tfoshim.json.in"), encoding="ascii") as file:
        text = file.read().replace("@pkglibdir@", os.path.join(SRC, "wrappers/oci"))
    with open(os.path.join(place, "tfoshim.json"), "w", encoding="ascii") as to:
        to.write(text)
    ask = ["cat", "/proc/sys/net/ipv4/tcp_fastopen"]
    for annotation, wanted, words in ((None, "1", None), ("3", "3", None), ("0x403", "1027", None),
                                      ("many", "1", "not a number"), ("99999999999", "1", "set")):
        options = ["--annotation", "tfoshim.fastopen=" + annotation] if annotation else []
        got = world.engine.podman("--hooks-dir", place, *world.engine.words(
            root, ["--rm", *options], ask, ["--network=none"]))
        check(f"OCI hook: {annotation} gives {wanted}", got.returncode == 0 and
              got.stdout.strip() == wanted, got)
    got = world.engine.podman("--hooks-dir", place, *world.engine.words(
        root, ["--rm", "--annotation", "tfoshim.fastopen=0x403"], ask, ["--network=host"]))
    check("OCI hook: the machine's own network is left alone", got.returncode == 0 and
          got.stdout.strip() == "3", got)
    script = os.path.join(SRC, "wrappers/oci/tfoshim-sysctl")
    for state in ("", "{}", '{"pid": 0}', '{"pid": 999999999, "annotations": '
                  '{"tfoshim.fastopen": "3"}}', "\0\1\2"):
        got = subprocess.run([script], input=state, capture_output=True, text=True, check=False)
        check(f"OCI hook: {state!r} starts the container all the same", got.returncode == 0 and
              got.stderr.count("\n") == 1, got)
