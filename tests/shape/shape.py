# SPDX-License-Identifier: MIT
"""What the shape checks share: where the tree, the build and the object are, the rows of
hooks.def, how a check ends. What each check looks for is in the file of its name."""

import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SRC = os.path.abspath(os.environ.get("SRC") or os.path.join(HERE, "..", ".."))
BUILD = os.path.abspath(os.environ.get("BUILD") or SRC)
LIB = os.environ.get("LIB") or os.path.join(BUILD, "libtfoshim.so")
NAME = os.path.basename(sys.argv[0])


def skip(reason):
    """Exit 77, or a failure where nothing may be skipped."""
    if os.environ.get("TFOSHIM_MUST_WORK") == "1":
        print(f"not ok - {NAME}: cannot be skipped: {reason}")
        sys.exit(1)
    print(f"skip - {NAME}: {reason}")
    sys.exit(77)


def finish(problems, fine):
    """One line when all is well, else one line per problem."""
    for problem in problems:
        print(f"not ok - {NAME}: {problem}")
    if not problems:
        print(f"ok - {NAME}: {fine}")
    sys.exit(1 if problems else 0)


def run(*command):
    """The output of a command that must succeed."""
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except FileNotFoundError:
        skip(f"{command[0]} is not installed")
    except subprocess.CalledProcessError as error:
        finish([f"{' '.join(command)}: {error.stderr.strip()}"], "")


def read(path):
    """The text of a file of the source tree."""
    with open(os.path.join(SRC, path), encoding="utf-8") as file:
        return file.read()


def hooked():
    """The names in hooks.def, of every kind of row."""
    rows = read("shim/preload/hooks.def")
    return set(re.findall(r"^(?:HOOK|HOOK_AT|ALIAS)\((\w+)", rows, re.M))


def sources(top, *suffixes):
    """The files below a folder of the tree, by suffix, relative to the tree, sorted."""
    found = []
    for folder, _, names in os.walk(os.path.join(SRC, top)):
        found += [os.path.relpath(os.path.join(folder, name), SRC)
                  for name in names if name.endswith(suffixes)]
    return sorted(found)
