# SPDX-License-Identifier: MIT
"""place: where one row is played, in one of its four modes: a directory, programs at both
ends of the lab's wire, bare or under the shim, and what they said. Knows nothing of what is
expected."""

import difflib
import grp
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab"))
import tfolab  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
CLIENTS = os.path.join(HERE, "clients")
SERVER, SERVER6 = tfolab.SERVER4, tfolab.SERVER6
CLIENT = tfolab.CLIENT4
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LISTEN = "0A"  # in /proc/net/tcp


class Broken(Exception):
    """The row could not be played: a sentence."""


class Said:
    """How a program ended; code None: it hung and was killed."""

    def __init__(self, code, out, err, mask=()):
        self.code, self.out, self.err = code, out, err
        for pattern, by in mask:
            self.out = re.sub(pattern, by, self.out, flags=re.M)
            self.err = re.sub(pattern, by, self.err, flags=re.M)

    def __eq__(self, other):
        return (self.code, self.out, self.err) == (other.code, other.out, other.err)

    def against(self, other):
        """The lines that differ: - self, + other."""
        def lines(said):
            how = "hung" if said.code is None else f"status {said.code}"
            return [how, *said.out.splitlines(), *(f"stderr: {e}" for e in
                                                   said.err.splitlines())]
        found = list(difflib.unified_diff(lines(self), lines(other), n=0, lineterm=""))
        return "\n".join(line[:300] for line in found[2:26] if not line.startswith("@@"))

    def __str__(self):
        how = "hung" if self.code is None else f"status {self.code}"
        return f"{how}, {self.out[-600:]!r}, {self.err[-600:]!r}"


def shared(name=""):
    """The directory of the whole run: certificate, compiled clients, the object."""
    return os.path.join(os.environ["PROGRAMS_SHARED"], name)


def netstat(side, name):
    """A counter TcpExt of a namespace."""
    text = in_namespace(side, "netstat")
    lines = [line.split() for line in text.splitlines() if line.startswith("TcpExt:")]
    return int(dict(zip(*lines))[name])


def in_namespace(side, *files):
    return subprocess.run([os.environ["LAB"], "in", side, "cat",
                           *(f"/proc/net/{name}" for name in files)],
                          capture_output=True, text=True, check=False).stdout


def listens(side, port):
    for line in in_namespace(side, "tcp", "tcp6").splitlines():
        word = line.split()
        if len(word) > 3 and word[3] == LISTEN and int(word[1].split(":")[1], 16) == port:
            return True
    return False


class Place:
    """client_under, server_under: is that end under the shim?"""

    def __init__(self, client_under, server_under):
        self.under = {"client": client_under, "server": server_under}
        self.dir = tempfile.mkdtemp(prefix="place.", dir=shared())
        os.chmod(self.dir, 0o755)
        self.running = []
        self.failed_to_end = []
        self._states = {}
        self._count = 0

    # --- files

    def file(self, name, text="", mode=0o644, user=None):
        path = os.path.join(self.dir, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(text.encode() if isinstance(text, str) else text)
        os.chmod(path, mode)
        if user:
            shutil.chown(path, user, grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name)
        return path

    def folder(self, name, mode=0o755, user=None):
        path = os.path.join(self.dir, name)
        os.makedirs(path, exist_ok=True)
        os.chmod(path, mode)
        if user:
            shutil.chown(path, user, grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name)
        return path

    def state(self, side, user=None):
        """The state directory of one end and user."""
        return self._states.setdefault(
            (side, user), self.folder(f"state-{side}-{user or 'me'}", 0o700, user))

    # --- programs

    def count(self):
        """Another number each time."""
        self._count += 1
        return self._count

    def environment(self, side, user=None, under=None, **more):
        env = {"PATH": PATH, "HOME": self.dir, "LC_ALL": "C.UTF-8", "TMPDIR": self.dir}
        if self.under[side] if under is None else under:
            env.update(LD_PRELOAD=os.environ["LIB"], TFOSHIM_STATE=self.state(side, user))
            if "PROGRAMS_LOG" in os.environ:
                log = os.path.join(self.dir, f"shim-{side}.log")
                env["TFOSHIM_LOG"] = f"debug:{log}"
        env.update(more)
        return env

    def words(self, side, words, user=None, under=None, env=None):
        """The command line that becomes the program at that end."""
        env = self.environment(side, user, under, **(env or {}))
        head = [] if side == "client" else [os.environ["LAB"], "in", side]
        if user:
            head += ["setpriv", f"--reuid={user}", f"--regid={pwd.getpwnam(user).pw_gid}",
                     "--clear-groups"]
        return [*head, "env", "-i", *(f"{k}={v}" for k, v in env.items()),
                *(self.fill(str(word)) for word in words)]

    def fill(self, word):
        for name, value in (("{host}", SERVER), ("{dir}", self.dir), ("{shared}", shared()),
                            ("{clients}", CLIENTS)):
            word = word.replace(name, value)
        return word

    def start(self, side, words, port=None, wait=15, **how):
        """Starts a program that stays; with a port, waits until it listens there."""
        log = os.path.join(self.dir, f"{side}-{self.count()}.log")
        given = how.pop("stdin", subprocess.DEVNULL)
        with open(log, "wb") as out:
            process = subprocess.Popen(self.words(side, words, **how), stdin=given,
                                       stdout=out, stderr=out, cwd=self.dir,
                                       start_new_session=True)
        process.log = log
        self.running.append(process)
        until = time.monotonic() + wait
        while port and not listens(side, port):
            if process.poll() is not None and not self.daemon(process):
                raise Broken(f"{words[0]} ended: {self.said(process)}")
            if time.monotonic() > until:
                raise Broken(f"{words[0]} does not listen on {port}: {self.said(process)}")
            time.sleep(0.02)
        return process

    @staticmethod
    def daemon(process):
        return process.returncode == 0

    def serve(self, words, port, **how):
        return self.start("server", words, port, **how)

    @staticmethod
    def said(process):
        with open(process.log, encoding="utf-8", errors="replace") as log:
            return log.read()[-2000:]

    def run(self, words, side="client", timeout=20, mask=(), stdin=None, **how):
        """Runs a program to its end."""
        process = subprocess.Popen(self.words(side, words, **how), cwd=self.dir,
                                   stdin=subprocess.PIPE if stdin is not None
                                   else subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, start_new_session=True)
        try:
            out, err = process.communicate(stdin, timeout=timeout)
            code = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            code, (out, err) = None, process.communicate()
        return Said(code, out.decode(errors="replace"), err.decode(errors="replace"), mask)

    def end(self, process, wait=5):
        """By SIGTERM, and what does not listen, by SIGKILL."""
        if process in self.running:
            self.running.remove(process)
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, number)
            except ProcessLookupError:
                pass
            try:
                process.wait(wait)
                return
            except subprocess.TimeoutExpired:
                self.failed_to_end.append(os.path.basename(str(process.args[-1])))

    def finish(self, process, wait=5):
        """What a program that ends by itself has said."""
        try:
            process.wait(wait)
        except subprocess.TimeoutExpired:
            self.end(process)
            return Said(None, self.said(process), "")
        self.running.remove(process)
        return Said(process.returncode, self.said(process), "")

    def clean(self):
        for process in list(reversed(self.running)):
            self.end(process)
        if "PROGRAMS_KEEP" not in os.environ:
            shutil.rmtree(self.dir, ignore_errors=True)
