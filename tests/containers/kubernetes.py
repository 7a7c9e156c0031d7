# SPDX-License-Identifier: MIT
"""The pod of wrappers/kubernetes, with its init container."""

import os
import shutil
import subprocess

import tfolab
from told import check
from wire import IN_SERVER, MUSL_LOOP, SERVER, Story, times_of, wait_for
from world import BUILD, LAUNCHER, SRC


def run(world):
    tool = world.engine
    shipped = os.path.join(SRC, "wrappers/kubernetes")
    context = os.path.join(world.place, "context")
    os.makedirs(context)
    for name in ("tfo-static", "libtfoshim.so"):
        shutil.copy(os.path.join(BUILD, name), context)
    got = tool.podman("build", "-q", "-t", "localhost/tfoshim:0.1", "-f", shipped + "/Containerfile",
                      context)
    if not check("pod: the image of the init container", got.returncode == 0, got):
        return
    root = world.roots["musl"]
    world.script(root, "docker-entrypoint.sh", "#!/bin/sh\nexec \"$@\"\n")
    archive = os.path.join(world.place, "shop.tar")
    subprocess.run(["tar", "-C", root, "--exclude=./tfoshim", "-cf", archive, "."], check=True)
    tool.podman("import", "-c", "ENV PATH=/bin", archive, "localhost/shop:1.2")
    with open(shipped + "/pod.yaml", encoding="utf-8") as file:
        pod = file.read()
    pod = pod.replace('["nginx", "-g", "daemon off;"]', '["answer", "8081"]')
    pod = pod.replace("spec:\n", "spec:\n  hostNetwork: true\n  restartPolicy: Never\n", 1)
    path = os.path.join(world.place, "pod.yaml")
    with open(path, "w", encoding="utf-8") as to:
        to.write(pod)
    got = tool.podman("kube", "play", path, before=IN_SERVER)
    try:
        good = check("pod: it starts", got.returncode == 0, got) and \
            wait_for(8081, subprocess.Popen(["sleep", "10"]))
        if not check("pod: it serves", good, tool.podman("logs", "shop-shop")):
            return
        tfolab.reset()
        story = Story("", "musl", [], ["sh", "-c", MUSL_LOOP.format(SERVER, 8081)], 1e-3)
        world.launcher(root, False)
        times, said = times_of(world, story, root, [LAUNCHER])
        accepted = tfolab.counters()["s2c_synack_data_acked"]
        check("pod: the server takes data in SYNs", accepted >= 5 and len(times) == 9, accepted,
              times, said)
    finally:
        tool.podman("kube", "down", path, before=IN_SERVER)
        tool.podman("pod", "rm", "-f", "-t", "0", "shop")
    os.unlink(archive)
