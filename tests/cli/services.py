# SPDX-License-Identifier: MIT
"""Units of systemd in a root of its own (see apart.py), and what systemd itself reads in them."""

import os
import subprocess

from apart import skip

OBJECT = "/opt/tfo/libtfoshim.so"
ETC, RUN = "etc/systemd/system/", "usr/local/lib/systemd/system/"
OURS = "zz-tfoshim.conf"
SERVICE = "[Service]\nExecStart=/bin/sleep 9\n"
SYSTEMD = "/lib/systemd/systemd"
LINK = "-> "


def room(root):
    """For units beside those of /etc."""
    os.mkdir(root("local"))
    root.bind(root("local"), "usr/local/lib")


def files_of(root, files):
    """Of RUN, or of the root where a name begins with a slash; a text may be a link."""
    for name, text in files.items():
        path = name[1:] if name[0] == "/" else RUN + name
        if text.startswith(LINK):
            os.makedirs(os.path.dirname(root(path)), exist_ok=True)
            os.symlink(text[len(LINK):], root(path))
        else:
            root.write(path, text, 0o755 if text.startswith("\x7f") else 0o644)


def clear(root):
    for name in ("etc/systemd", RUN, "etc/default", "etc/alien"):
        subprocess.run(["rm", "-rf", root(name)], check=True)
    os.makedirs(root(ETC))
    os.makedirs(root("etc/default"))


def environment(root, unit="shop.service"):
    """Of systemd itself, as it would start it; None: it cannot be asked here."""
    os.makedirs(root("run/systemd"), exist_ok=True)
    os.chmod(root("run/systemd"), 0o777)  # it tells root not to test
    got = root.run(SYSTEMD, "--test", "--system", "--unit=" + unit, user=65534)
    subprocess.run(["rm", "-r", root("run/systemd")], check=True)
    here, lines = False, []
    for line in got.stdout.splitlines():
        if line.startswith("\t-> Unit ") or line.startswith("-> Unit "):
            here = unit in line
        elif here and line.strip().startswith("Environment: "):
            lines.append(line.strip()[len("Environment: "):])
    return lines if unit in got.stdout else None


def apart_is_root():
    with open("/proc/self/uid_map", encoding="ascii") as ranges:
        return ranges.read().split()[2] != "1"


def is_witness(root):
    """Can systemd be asked here? Said where it cannot."""
    witness = os.path.exists(root(SYSTEMD[1:])) and apart_is_root()
    if not witness:
        skip("systemd's own reading", "it is not installed, or we are not root")
    return witness
