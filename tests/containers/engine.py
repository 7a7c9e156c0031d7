# SPDX-License-Identifier: MIT
"""podman with runc and a storage of its own, as it works inside other containers too, and what a
container did: its output, its status."""

import os
import subprocess
import time

PODMAN = ["podman", "--cgroup-manager=cgroupfs", "--events-backend=none", "--runtime=runc"]
CONF = '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]\n'


class Engine:
    """All that podman keeps is below `place`."""

    def __init__(self, place):
        self.place = place
        for name in ("store", "runroot", "run", "cni"):
            os.makedirs(os.path.join(place, name), exist_ok=True)
        with open(os.path.join(place, "storage.conf"), "w", encoding="ascii") as conf:
            conf.write('[storage]\ndriver = "vfs"\n'
                       f'graphroot = "{place}/store"\nrunroot = "{place}/runroot"\n')
        with open(os.path.join(place, "containers.conf"), "w", encoding="ascii") as conf:
            conf.write(CONF)
        self.environment = {
            "PATH": "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": place,
            "LC_ALL": "C.UTF-8", "CONTAINERS_STORAGE_CONF": place + "/storage.conf",
            "CONTAINERS_CONF": place + "/containers.conf",
            "XDG_RUNTIME_DIR": place + "/run", "BUILDAH_ISOLATION": "chroot"}
        for name in ("LAB", "LAB_CONTROL"):
            if name in os.environ:
                self.environment[name] = os.environ[name]
        self.podman_words, self.count = PODMAN, 0

    def podman(self, *words, before=(), **more):
        """Any command of it, to its end."""
        more.setdefault("timeout", 180)
        return subprocess.run([*before, *PODMAN, *words], env=self.environment, check=False,
                              capture_output=True, text=True, errors="replace", **more)

    def words(self, image, options, command, network):
        """An image's name, or a directory that is a root."""
        root = ["--rootfs", image] if image.startswith("/") else ["--pull=never", image]
        return ["run", *network, *options, *root, *command]

    def run(self, image, command, options=(), network=("--network=host",), before=(), **more):
        """A container of that image to its end: in the namespace of the caller, or of `before`."""
        return self.podman(*self.words(image, ["--rm", *options], command, list(network)),
                           before=before, **more)

    def start(self, image, command, options=(), network=("--network=host",), before=(),
              stdin=subprocess.DEVNULL):
        self.count += 1
        return Running(self, f"tfoshim{os.getpid()}n{self.count}", image, command, options,
                       network, before, stdin)


class Running:
    """A container that was started; what it says is read at its end."""

    def __init__(self, engine, name, image, command, options, network, before, stdin):
        self.engine, self.name = engine, name
        words = engine.words(image, ["--rm", "--name", name, *options], command, list(network))
        self.process = subprocess.Popen([*before, *PODMAN, *words], env=engine.environment,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        stdin=stdin)

    def pid(self):
        """Of its first process, or None: it ended before."""
        for _ in range(200):
            got = self.engine.podman("inspect", "--format", "{{.State.Pid}}", self.name)
            if got.returncode == 0 and int(got.stdout):
                return int(got.stdout)
            if self.process.poll() is not None:
                return None
            time.sleep(0.05)
        return None

    def signal(self, name):
        """Sent to its first process, once it is there."""
        for _ in range(100):
            done = self.engine.podman("kill", "--signal", name, self.name)
            if done.returncode == 0 or self.process.poll() is not None:
                return
            time.sleep(0.1)

    def end(self, signal="TERM", timeout=15):
        """(status, stdout, stderr)"""
        if signal and self.process.poll() is None:
            self.signal(signal)
        try:
            out, err = self.process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.engine.podman("kill", "--signal", "KILL", self.name)
            out, err = self.process.communicate()
            return "did not end", out, err
        return self.process.returncode, out, err
