# SPDX-License-Identifier: MIT
"""A new image on top of one, and away again."""

import json
import os
import shutil
import subprocess

from told import check, skip
from world import BUILD, LAUNCHER, TFO, beside


def run(world):
    tool = world.engine
    root = world.roots["musl"]
    subprocess.run([TFO, "uninstall", "--container", root], check=True, capture_output=True)
    world.script(root, "start.sh", "#!/bin/sh\nshift\nexec \"$@\"\n")
    archive = os.path.join(world.place, "musl.tar")
    subprocess.run(["tar", "-C", root, "-cf", archive, "."], check=True)
    got = tool.podman("import", "-c", 'ENTRYPOINT ["/start.sh","a b"]', "-c",
                      'CMD ["sh","-c","echo $LD_PRELOAD; exit 3"]', "-c", "ENV PATH=/bin", archive,
                      "localhost/shop:1.2")
    if not check("image: one to begin with", got.returncode == 0, got):
        return

    def tfo(*words):
        return subprocess.run([TFO, *words], env=tool.environment, capture_output=True, text=True,
                              check=False, timeout=300)

    def config(name):
        got = tool.podman("image", "inspect", "--format", "{{json .Config}}", name)
        return json.loads(got.stdout) if got.returncode == 0 else None

    before = config("localhost/shop:1.2")
    got = tfo("install", "--container", "localhost/shop:1.2", "-n")
    check("image: -n prints the Containerfile", got.returncode == 0 and
          'ENTRYPOINT ["/tfoshim/entrypoint","/start.sh","a b"]\nCMD ["sh",' in got.stdout and
          config("localhost/shop:1.2-tfo") is None, got)
    got = tfo("install", "--container", "localhost/shop:1.2")
    after = config("localhost/shop:1.2-tfo")
    check("image: a new one", got.returncode == 0 and after and after["Entrypoint"] ==
          [LAUNCHER, *before["Entrypoint"]] and after["Cmd"] == before["Cmd"] and
          after["Env"] == before["Env"], got, after)
    check("image: the old one stays", config("localhost/shop:1.2") == before)
    bare = tool.run("localhost/shop:1.2", [])
    got = tool.run("localhost/shop:1.2-tfo", [])
    check("image: it starts what it started", (bare.returncode, got.returncode) == (3, 3) and
          got.stdout == bare.stdout.rstrip("\n") + "/tfoshim/libtfoshim.so\n" and
          not beside(got.stderr), got, bare)
    got = tool.run("localhost/shop:1.2-tfo", ["echo", "x y"])
    check("image: a command of the caller's", got.stdout == "x y\n" and not got.returncode, got)
    got = tfo("install", "--container", "localhost/shop:1.2-tfo")
    check("image: not twice", got.returncode == 0 and "already" in got.stdout, got)
    got = tfo("uninstall", "--container", "localhost/shop:1.2", "--tag", "localhost/shop:1.2")
    check("image: one that is not ours stays", got.returncode == 1 and
          config("localhost/shop:1.2"), got)
    got = tfo("uninstall", "--container", "localhost/shop:1.2")
    check("image: gone", got.returncode == 0 and config("localhost/shop:1.2-tfo") is None and
          config("localhost/shop:1.2") == before, got)
    got = tfo("install", "--container", "localhost/none:1")
    check("image: one that is not there", got.returncode == 125 and got.stderr.count("\n") == 1,
          got)
    tool.podman("tag", "localhost/shop:1.2", "localhost/shop:mine")
    got = tfo("install", "--container", "localhost/shop:1.2", "--tag", "localhost/shop:mine")
    check("image: a name that is somebody's", got.returncode == 1 and
          config("localhost/shop:mine") == before, got)
    tool.podman("import", "--arch", "s390x", "-c", 'ENTRYPOINT ["/start.sh"]', archive,
                "localhost/far:1")
    got = tfo("install", "--container", "localhost/far:1")
    check("image: one for another machine", got.returncode == 1 and "s390x" in got.stderr and
          got.stderr.count("\n") == 1 and config("localhost/far:1-tfo") is None, got)
    check_renewed(world)
    os.unlink(archive)


def check_renewed(world):
    """What only docker's format knows; a newer object; and nothing that stays behind."""
    tool, place = world.engine, os.path.join(world.place, "renewed")
    for name in ("bin", "tmp"):
        os.makedirs(os.path.join(place, name))
    for name in ("tfo", "tfo-static", "libtfoshim.so"):
        shutil.copy(os.path.join(BUILD, name), os.path.join(place, "bin"))

    def tfo(*words, **env):
        return subprocess.run([place + "/bin/tfo", *words], capture_output=True, text=True,
                              env={**tool.environment, "TMPDIR": place + "/tmp", **env},
                              check=False, timeout=300)

    def images():
        return sorted(tool.podman("images", "-a", "-q", "--no-trunc").stdout.split())

    with open(place + "/Containerfile", "w", encoding="ascii") as to:
        to.write("FROM localhost/shop:1.2\nHEALTHCHECK CMD /bin/true\nSHELL [\"/bin/sh\", \"-x\"]\n")
    got = tool.podman("build", "-q", "--format=docker", "-t", "localhost/well:1", "-f",
                      place + "/Containerfile", place)
    check("renewed: one with a health check", got.returncode == 0, got)
    before = images()
    got = tfo("install", "--container", "localhost/well:1")
    health = "{{json .HealthCheck}} {{.ManifestType}}"
    seen = [tool.podman("image", "inspect", "--format", health, "localhost/well:1" + tag).stdout
            for tag in ("", "-tfo")]
    check("renewed: the health check stays", got.returncode == 0 and seen[0] == seen[1] and
          "/bin/true" in seen[0], got, seen)
    with open(place + "/bin/libtfoshim.so", "ab") as file:
        file.write(b"newer")
    one = images()
    got = tfo("install", "--container", "localhost/well:1")
    check("renewed: the new one takes its place", got.returncode == 0 and not got.stderr and
          images() != one, got)
    got = tfo("install", "--container", "localhost/well:1")
    check("renewed: nothing is left where it was made", not os.listdir(place + "/tmp"), got)
    got = tfo("uninstall", "--container", "localhost/well:1")
    check("renewed: no image stays", got.returncode == 0 and images() == before, got, before,
          images())
    if check_buildah(tool, tfo, place + "/only"):
        check("buildah: no image stays", images() == before, before, images())
    tool.podman("image", "rm", "localhost/well:1")
    subprocess.run(["rm", "-r", place], check=True)


def check_buildah(tool, tfo, only):
    """Where there is no podman."""
    os.mkdir(only)
    for name in ("buildah", "runc"):
        path = shutil.which(name, path="/usr/local/bin:/usr/bin:/usr/sbin:/sbin")
        if not path:
            return skip("buildah", name + " is not installed")
        os.symlink(path, os.path.join(only, name))
    got = tfo("install", "--container", "localhost/well:1", PATH=only)
    old, new = [(json.loads(tool.podman("image", "inspect", "localhost/well:1" + tag).stdout or
                            "[]") or [{"Config": {}}])[0] for tag in ("", "-tfo")]
    check("buildah: a new one", got.returncode == 0 and not got.stderr and
          new["Config"].get("Entrypoint") == [LAUNCHER, *old["Config"]["Entrypoint"]] and
          new["Config"]["Cmd"] == old["Config"]["Cmd"] and
          new["Healthcheck"] == old["Healthcheck"], got, old, new)
    got = tfo("install", "--container", "localhost/well:1-tfo", PATH=only)
    check("buildah: not twice", got.returncode == 0 and "already" in got.stdout, got)
    got = tfo("install", "--container", "localhost/well:1", PATH=only)
    check("buildah: once more", got.returncode == 0 and not got.stderr, got)
    got = tfo("uninstall", "--container", "localhost/well:1", PATH=only)
    return check("buildah: gone", got.returncode == 0 and "is gone" in got.stdout, got)
