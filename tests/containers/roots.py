# SPDX-License-Identifier: MIT
"""The roots that containers are started with: Debian's of two ages by tests/rootfs, one of musl and
busybox, and one that holds nothing but a program."""

import os
import shutil
import subprocess

DEBIAN = {"bookworm": "curl,nginx-light,busybox,systemd,dbus",
          "bullseye": "curl,nginx-light,busybox"}
TOOLS = {"trixie": "kubernetes-client"}
OTHER = "i386"  # programs of 32 bits, for images of 64: a folder of that name in ROOTS
ROOTFS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "rootfs")
MUSL_LOADER = "/lib/ld-musl-x86_64.so.1"
BUSYBOX = "sh ash cat echo env sleep kill id ls true false mkdir rm seq grep".split()


def kept(name):
    """What ROOTS, a directory, has of that name."""
    path = os.path.join(os.environ.get("ROOTS", "/nonexistent"), name)
    return os.path.realpath(path) if os.path.isdir(path) else None


def debian(name, place):
    """A directory, or why there is none."""
    root = os.path.join(place, name)
    if kept(name):
        subprocess.run(["cp", "-a", kept(name), root], check=True)
        return root, None
    if "ROOTS" in os.environ:
        return None, f"there is no {name} in {os.environ['ROOTS']}"
    packages = {**DEBIAN, **TOOLS}[name].split(",")
    got = subprocess.run([ROOTFS, name, root, *packages], capture_output=True, text=True,
                         check=False, stdin=subprocess.DEVNULL)
    if got.returncode:
        return None, (got.stdout + got.stderr).strip()[-300:]
    return root, None


def fetch_other(place):
    """Before the lab begins; why there is none, or None."""
    got = subprocess.run([ROOTFS, "bookworm", os.path.join(place, OTHER), "busybox", "libc6"],
                         env={**os.environ, "TFOSHIM_ARCH": OTHER}, capture_output=True, text=True,
                         check=False, stdin=subprocess.DEVNULL)
    return (got.stdout + got.stderr).strip()[-300:] if got.returncode else None


def with_other(root):
    """busybox of 32 bits and its loader, beside what the root has; or why not."""
    here = kept(OTHER)
    if not here:
        return f"there is no {OTHER} in ROOTS"
    shutil.copytree(here + "/lib/i386-linux-gnu", root + "/lib/i386-linux-gnu", symlinks=True,
                    dirs_exist_ok=True)
    shutil.copy(here + "/lib/i386-linux-gnu/ld-linux.so.2", root + "/lib/ld-linux.so.2")
    shutil.copy(here + "/bin/busybox", root + "/usr/bin/busybox32")
    return None


def compile_peer(compiler, source, name, to, *flags):
    """A peer of the flows, that knows nothing of the shim."""
    source = os.path.join(source, "tests/flows/peers", name + ".c")
    subprocess.run([compiler, "-O1", "-D_GNU_SOURCE", *flags, "-o", to, source, "-lpthread"],
                   check=True)


def musl(place, source):
    """busybox is static: what its shell starts is what matters, and that is dynamic."""
    root = os.path.join(place, "musl")
    for name in ("bin", "lib", "proc", "dev", "sys", "etc", "run", "tmp"):
        os.makedirs(os.path.join(root, name))
    os.chmod(os.path.join(root, "tmp"), 0o1777)
    shutil.copy(os.path.realpath(MUSL_LOADER), root + MUSL_LOADER)
    shutil.copy("/bin/busybox", root + "/bin/busybox")
    for name in BUSYBOX:
        os.symlink("busybox", f"{root}/bin/{name}")
    for name in ("answer", "request"):
        compile_peer("musl-gcc", source, name, f"{root}/bin/{name}")
    return root


def scratch(place, source):
    """No shell, no /etc: a loader, two programs, and two that have no loader."""
    root = os.path.join(place, "scratch")
    for name in ("lib", "proc", "dev", "sys", "run"):
        os.makedirs(os.path.join(root, name))
    shutil.copy(os.path.realpath(MUSL_LOADER), root + MUSL_LOADER)
    for name in ("answer", "request"):
        compile_peer("musl-gcc", source, name, f"{root}/{name}")
        compile_peer("musl-gcc", source, name, f"{root}/static-{name}", "-static")
    subprocess.run(["musl-gcc", "-O1", "-D_GNU_SOURCE", "-o", root + "/tell",
                    os.path.join(source, "tests/containers/tell.c")], check=True)
    return root
