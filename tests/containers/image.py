# SPDX-License-Identifier: MIT
"""A new image on top of one, and away again."""

import json
import os
import shutil
import subprocess

from told import check
from world import BUILD, LAUNCHER, TFO, beside

# What an image may say beside its entrypoint; below localhost/shop:1.2.
ALL = """FROM localhost/shop:1.2
SHELL ["/bin/sh","-ec"]
ENV A="one  two" B="more\\
 of it" C='$A "q" \\\\'
LABEL shop.kind="x y" shop.lines="a\\
b"
EXPOSE 80/tcp 81/udp
VOLUME ["/data","/tfo data"]
WORKDIR /srv/w
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=5s --retries=2 CMD ["true"]
MAINTAINER somebody <of@shop.example>
USER 1000:1000
"""
KINDS = {
    "words": ALL + 'ENTRYPOINT ["/bin/env"]\n'
             'CMD ["sh","-c","echo $0 \\"$A\\" \\\\n; pwd; id; exit 3","ä","\\n"]\n',
    "a shell's entrypoint": ALL + 'ENTRYPOINT exec echo "$A" \'$B\' \\\\\n',
    "an empty CMD": ALL + 'ENTRYPOINT ["echo","x"]\nCMD []\n',
    "a shell's CMD": ALL + 'ENTRYPOINT []\nCMD echo "$A" $0; exit 7\n',
    "neither": ALL + "ENTRYPOINT []\nCMD []\n",
}
OURS = {"tfoshim.base", "io.buildah.version"}  # labels: of tfo, and of whoever builds


def told_by(tool, name):
    """All that is known of an image, by who knows most of it; not who it comes from."""
    got = subprocess.run(["buildah", "inspect", "--type", "image", name], env=tool.environment,
                         capture_output=True, text=True, check=True)
    whole = json.loads(got.stdout)
    for config in (whole["Docker"]["config"], whole["OCIv1"]["config"]):
        config["Labels"] = {key: value for key, value in (config.get("Labels") or {}).items()
                            if key not in OURS}
        for key in ("Hostname", "Image"):
            config.pop(key, None)
        for key in ("Entrypoint", "Cmd"):
            config[key] = config.get(key) or []
    return {"manifest": json.loads(whole["Manifest"]).get("mediaType"),
            "author": whole["OCIv1"].get("author"), "machine": whole["OCIv1"]["architecture"],
            "docker": whole["Docker"]["config"], "OCI": whole["OCIv1"]["config"]}


def only(world, name):
    """A PATH where this is the only engine."""
    place = os.path.join(world.place, "only-" + name)
    os.makedirs(place, exist_ok=True)
    if not os.path.lexists(os.path.join(place, name)):
        os.symlink(shutil.which(name), os.path.join(place, name))
    return place


def built(world, name, text, form):
    context = os.path.join(world.place, "kinds")
    os.makedirs(context, exist_ok=True)
    with open(os.path.join(context, "Containerfile"), "w", encoding="utf-8") as to:
        to.write(text)
    return check(f"image: {name} to begin with", world.engine.podman(
        "build", "-q", "--pull=never", "--format", form, "-t", name, context).returncode == 0)


def fields(world):
    """Whatever an image says, but for its entrypoint, the new one says too."""
    tool = world.engine
    for engine in ("podman", "buildah"):
        path = {**tool.environment, "PATH": only(world, engine) + ":/usr/sbin"}
        for form in ("docker", "oci"):
            for number, (kind, text) in enumerate(KINDS.items()):
                if number and engine != "podman":
                    break
                name = f"localhost/{engine}-{form}:{number}"
                if not built(world, name, text, form):
                    continue
                got = subprocess.run([TFO, "install", "--container", name], env=path, check=False,
                                     capture_output=True, text=True)
                if not check(f"image: {kind}, {form}, by {engine}", got.returncode == 0, got):
                    continue
                was, now = told_by(tool, name), told_by(tool, name + "-tfo")
                for key in ("docker", "OCI"):
                    was[key]["Entrypoint"].insert(0, LAUNCHER)
                check(f"image: {kind}, {form}, by {engine}: all but the entrypoint stays",
                      was == now, was, now)
                words = ["echo", "hello"] if kind == "neither" else []
                bare, got = (tool.run(one, words, ["--no-healthcheck"])
                             for one in (name, name + "-tfo"))
                check(f"image: {kind}, {form}, by {engine}: it does what it did", bare.stdout and
                      (bare.returncode, bare.stdout, bare.stderr) ==
                      (got.returncode, got.stdout, beside(got.stderr)), bare, got)
        name = f"localhost/{engine}:onbuild"
        built(world, name, ALL + 'ONBUILD RUN ["false"]\n', "docker")
        got = subprocess.run([TFO, "install", "--container", name], env=path, check=False,
                             capture_output=True, text=True)
        check(f"image: ONBUILD, by {engine}", got.returncode == 1 and "ONBUILD" in got.stderr and
              got.stderr.count("\n") == 1 and not got.stdout and
              tool.podman("image", "exists", name + "-tfo").returncode, got)


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

    def tfo(*words):
        return subprocess.run([place + "/bin/tfo", *words], capture_output=True, text=True,
                              env={**tool.environment, "TMPDIR": place + "/tmp"}, check=False,
                              timeout=300)

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
    tool.podman("image", "rm", "localhost/well:1")
    subprocess.run(["rm", "-r", place], check=True)
    fields(world)
