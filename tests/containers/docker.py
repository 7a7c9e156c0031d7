# SPDX-License-Identifier: MIT
"""Docker: an image of its daemon's, a new one on top, a round trip saved in it, and away again."""

import json
import os
import shutil
import subprocess
import time

import wire
from told import check, skip
from wire import IN_SERVER, SERVER
from world import LAUNCHER, RTT, TFO, beside

CALM = ["--bridge=none", "--iptables=false", "--ip6tables=false", "--storage-driver=vfs"]
SHOP = "shop:1.2"


class Daemon:
    """One of its own, in the network namespace of `before`; nothing of it stays."""

    def __init__(self, place, before=()):
        os.makedirs(place)
        self.place, self.socket = place, os.path.join(place, "sock")
        self.environment = dict(os.environ, DOCKER_HOST="unix://" + self.socket, HOME=place,
                                DOCKER_CONFIG=place)
        with open(os.path.join(place, "log"), "wb") as log:
            self.process = subprocess.Popen(
                [*before, "unshare", "-m", "dockerd", "--data-root", place + "/data",
                 "--exec-root", place + "/exec", "-H", "unix://" + self.socket,
                 "-p", place + "/pid", *CALM],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def answers(self):
        for _ in range(300):
            if self("version").returncode == 0:
                return True
            if self.process.poll() is not None:
                return False
            time.sleep(0.1)
        return False

    def said(self):
        with open(os.path.join(self.place, "log"), encoding="utf-8", errors="replace") as log:
            return log.read()[-1000:]

    def command(self, *words, stdin=""):
        return subprocess.run(words, env=self.environment, capture_output=True, text=True,
                              check=False, timeout=300, input=stdin)

    def __call__(self, *words, stdin=""):
        if stdin:  # a Containerfile, and no context
            words = [*words, "-"]
        return self.command("docker", *words, stdin=stdin)

    def run(self, image, words=(), options=()):
        return self("run", "--rm", "--network=host", *options, image, *words)

    def import_root(self, archive, *changes):
        options = [word for change in changes for word in ("-c", change)]
        return self("import", *options, archive, SHOP)

    def config(self, name):
        got = self("image", "inspect", "--format", "{{json .Config}}", name)
        return json.loads(got.stdout) if got.returncode == 0 else None

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def saved(here, there):
    """Its server takes data in SYNs, its client saves the round trip."""
    server = subprocess.Popen(
        ["docker", "run", "--rm", "--name", "shop", "--network=host", SHOP + "-tfo", "answer",
         "80"], env=there.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        if not check("docker: the server starts", wire.wait_for(80, server), there.said()):
            return
        words = ["sh", "-c", wire.MUSL_LOOP.format(SERVER, 80)]
        wire.tfolab.reset()
        plain = here.run(SHOP, words)
        bare = wire.tfolab.counters()["s2c_synack_data_acked"]
        got = here.run(SHOP + "-tfo", words)
        acked = wire.tfolab.counters()["s2c_synack_data_acked"]
        check("docker: data rides in SYNs, and is taken", bare == 0 and acked >= 5, bare, acked,
              got)
        times = [[float(line.split()[0]) / 1e3 for line in run.stdout.splitlines()]
                 for run in (plain, got)]
        check("docker: the client saves the round trip", all(len(t) == 9 for t in times) and
              sorted(times[0])[4] - sorted(times[1][-5:])[2] >= 0.8 * RTT, times)
    finally:
        there("kill", "shop")
        server.wait(30)


def stories(world, here, there):
    root = world.roots["musl"]
    subprocess.run([TFO, "uninstall", "--container", root], check=True, capture_output=True)
    archive = os.path.join(world.place, "docker.tar")
    subprocess.run(["tar", "-C", root, "-cf", archive, "."], check=True)
    for one in (here, there):
        got = one.import_root(archive, "ENV PATH=/bin",
                              'CMD ["sh","-c","echo $LD_PRELOAD; exit 3"]')
        if not check("docker: an image to begin with", got.returncode == 0, got):
            return
    os.unlink(archive)
    before = here.config(SHOP)
    got = here.command(TFO, "install", "--container", SHOP)
    after = here.config(SHOP + "-tfo")
    check("docker: a new image", got.returncode == 0 and "docker run --sysctl" in got.stdout and
          after and after["Entrypoint"] == [LAUNCHER] and after["Cmd"] == before["Cmd"] and
          after["Env"] == before["Env"] and here.config(SHOP) == before, got, after)
    got = here.run(SHOP + "-tfo")
    check("docker: it starts what it started", got.returncode == 3 and not beside(got.stderr) and
          got.stdout == "/tfoshim/libtfoshim.so\n", got)
    got = here.command(TFO, "install", "--container", SHOP)
    check("docker: once more", got.returncode == 0 and here.config(SHOP + "-tfo") == after, got)
    for text, status in (("HEALTHCHECK CMD true\nSHELL [\"/bin/sh\",\"-ec\"]\nUSER 7\n", 0),
                         ("ONBUILD RUN false\n", 1)):
        name = f"shop:kind{status}"
        built = here("build", "-q", "-t", name, stdin=f"FROM {SHOP}\n{text}")
        got = here.command(TFO, "install", "--container", name)
        was, now = here.config(name), here.config(name + "-tfo")
        if now:
            now["Labels"].pop("tfoshim.base")
            was["Entrypoint"] = [LAUNCHER, *(was.get("Entrypoint") or [])]
            was["Labels"] = was.get("Labels") or {}
            for one in (was, now):
                one.pop("Image", None)  # the one below, where the builder tells it
        check(f"docker: {text!r}", built.returncode == 0 and got.returncode == status and (
            "ONBUILD" in got.stderr and not now if status else was == now), built, got, was, now)
    there.command(TFO, "install", "--container", SHOP)
    saved(here, there)
    for words in ("is gone", "there is no image"):
        got = here.command(TFO, "uninstall", "--container", SHOP)
        check(f"docker: away ({words})", got.returncode == 0 and words in got.stdout and
              here.config(SHOP + "-tfo") is None and here.config(SHOP) == before, got)


def run(world):
    if not shutil.which("dockerd", path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
        return skip("docker", "dockerd is not installed")
    here = Daemon(os.path.join(world.place, "docker"))
    there = Daemon(os.path.join(world.place, "docker-server"), IN_SERVER)
    try:
        if check("docker: its daemons start", here.answers() and there.answers(), here.said(),
                 there.said()):
            stories(world, here, there)
    finally:
        here.end()
        there.end()
    got = here.command(TFO, "install", "--container", SHOP)
    return check("docker: no daemon", got.returncode == 125 and got.stderr.count("\n") == 1 and
                 "Cannot connect to the Docker daemon" in got.stderr, got)
