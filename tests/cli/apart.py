# SPDX-License-Identifier: MIT
"""What tests of installations share: a root of its own, in a mount namespace of its own, with
this machine's programs in it (read only) and an /etc that belongs to nobody; what was in it
before and after. Nothing of the machine itself is ever changed."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile

TFO = os.path.abspath(os.environ.get("TFO", "tfo"))
LIB = os.path.abspath(os.environ.get("LIB", "libtfoshim.so"))
SRC = os.path.abspath(os.environ.get("SRC") or
                      os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
MUST = os.environ.get("TFOSHIM_MUST_WORK") == "1"
INSIDE = "TFOSHIM_TEST_APART"
failures = []


def check(name, good, *seen):
    print("ok  " if good else "FAIL", name, *([] if good else map(repr, seen)), flush=True)
    if not good:
        failures.append(name)
    return good


def skip(name, why):
    if MUST:
        check(name, False, "must work here: " + why)
    else:
        print("skip", name + ":", why, flush=True)


def enter():
    """Goes on in a mount namespace; as anybody in a user namespace too."""
    if os.environ.get(INSIDE):
        subprocess.run(["mount", "--make-rprivate", "/"], check=True)
        return
    for path in (TFO, LIB):
        if not os.path.exists(path):
            print("skip:", path, "is not there; set TFO and LIB")
            sys.exit(1 if MUST else 77)
    words = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-Urm"]
    if subprocess.run([*words, "true"], capture_output=True, check=False).returncode:
        print("skip: no mount namespace is to be had")
        sys.exit(1 if MUST else 77)
    os.environ[INSIDE] = "1"
    os.execvp(words[0], [*words, sys.executable, "-B", os.path.abspath(sys.argv[0])])


def leave(*roots):
    for root in roots:
        root.drop()
    print(f"{len(failures)} failed" if failures else "all good")
    sys.exit(1 if failures else 0)


class Root:
    """Its path names it from outside; run() runs a program inside. mounted: as the root of a
    system is, so that what is mounted inside can be kept from others."""

    def __init__(self, mounted=True):
        self.path = tempfile.mkdtemp(prefix="apart.")
        os.chmod(self.path, 0o755)
        if mounted:
            self.bind(self.path, "")
        for name in ("bin", "sbin", "lib", "lib64", "usr"):
            host = "/" + name
            if os.path.islink(host):
                os.symlink(os.readlink(host), self(name))
            elif os.path.isdir(host):
                os.mkdir(self(name))
                self.bind(host, name, "ro")
        for name in ("proc", "dev", "sys"):
            os.mkdir(self(name))
            subprocess.run(["mount", "--rbind", "/" + name, self(name)], check=True)
        for name in ("etc", "run", "opt/tfo", "tmp", "srv"):
            os.makedirs(self(name))
        os.chmod(self("tmp"), 0o1777)
        self.write("etc/passwd", "root:x:0:0::/:/bin/sh\n")
        shutil.copy(TFO, self("opt/tfo/tfo"))
        shutil.copy(LIB, self("opt/tfo/libtfoshim.so"))
        shutil.copy(os.path.join(SRC, "wrappers/container-entrypoint"), self("opt/tfo"))
        os.chmod(self("opt/tfo/libtfoshim.so"), 0o755)
        self.static = TFO + "-static"
        if os.path.exists(self.static):
            shutil.copy(self.static, self("opt/tfo/tfo-static"))

    def __call__(self, name):
        return os.path.join(self.path, name)

    def bind(self, what, name, options=None):
        subprocess.run(["mount", "--bind", what, self(name)], check=True)
        if options:
            subprocess.run(["mount", "-o", "remount,bind," + options, self(name)],
                           check=True)

    def unbind(self, name):
        subprocess.run(["umount", self(name)], check=True)

    def write(self, name, text, mode=0o644):
        os.makedirs(os.path.dirname(self(name)), exist_ok=True)
        with open(self(name), "w", encoding="utf-8", newline="") as to:
            to.write(text)
        os.chmod(self(name), mode)
        return self(name)

    def read(self, name):
        try:
            with open(self(name), encoding="utf-8", newline="") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def run(self, *words, env=None, user=None, timeout=90, **more):
        """Inside, with an environment of no more than PATH and env."""
        return subprocess.run(words, capture_output=True, check=False, timeout=timeout,
                              **self.inside(env, user), **more)

    def start(self, *words, env=None, user=None, **more):
        """The same, and goes on."""
        return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                **{**self.inside(env, user), **more})

    def inside(self, env, user):
        def become():
            os.chroot(self.path)
            os.chdir("/")
            if user is not None:
                os.setgroups([])
                os.setgid(user)
                os.setuid(user)
        clean = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", **(env or {})}
        return {"env": clean, "text": True, "stdin": subprocess.DEVNULL, "preexec_fn": become}

    def tfo(self, *words, **more):
        return self.run("/opt/tfo/tfo", *words, **more)

    def object(self, source):
        """Puts a libtfoshim.so made from this C source in the place of ours; None: ours."""
        to = self("opt/tfo/libtfoshim.so")
        os.unlink(to)
        if source is None:
            shutil.copy(LIB, to)
        else:
            subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", to], check=True,
                           input=source, text=True)
        os.chmod(to, 0o755)

    def picture(self, name):
        """All that is below a directory: what changes it, shows."""
        seen = {}
        for top, directories, files in os.walk(self(name)):
            for one in [".", *directories, *files]:
                path = os.path.join(top, one)
                is_ = os.lstat(path)
                content = None
                if stat.S_ISREG(is_.st_mode):
                    with open(path, "rb") as file:
                        content = file.read()
                elif stat.S_ISLNK(is_.st_mode):
                    content = os.readlink(path)
                seen[os.path.relpath(path, self.path)] = \
                    (is_.st_mode, is_.st_uid, is_.st_gid, content)
        return seen

    def mounted(self):
        """What is mounted there, the innermost first."""
        with open("/proc/self/mountinfo", encoding="utf-8") as lines:
            points = [line.split()[4] for line in lines]
        return [point for point in reversed(points) if (point + "/").startswith(self.path + "/")]

    def drop(self):
        """Removes nothing that is mounted: it would be the machine's own."""
        for point in self.mounted():
            subprocess.run(["umount", "-l", point], check=False, capture_output=True)
        if self.mounted():
            raise RuntimeError(f"still mounted: {self.mounted()}")
        subprocess.run(["rm", "-rf", "--one-file-system", self.path], check=True)
