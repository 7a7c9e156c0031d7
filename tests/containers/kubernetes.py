# SPDX-License-Identifier: MIT
"""What wrappers/kubernetes has, played by podman: the pod with its init container, and what
Kustomize and Kyverno's policy make of manifests that know nothing of us."""

import json
import os
import shutil
import subprocess

import cluster
import tfolab
from told import check, skip
from wire import IN_SERVER, MUSL_LOOP, SERVER, Story, times_of, wait_for
from world import BUILD, LAUNCHER, SRC

SHIPPED = os.path.join(SRC, "wrappers/kubernetes")
OBJECT = "/tfoshim/libtfoshim.so"
# podman 4.3 may not wait for those that it takes away.
ALWAYS = {"io.podman.annotations.init.container.type": "always"}
# A site's own files: one workload asks for us, the others do not, or are of other kinds.
WORKLOAD = """apiVersion: apps/v1
kind: {kind}
metadata:
  name: {name}
  labels: {{app: {name}{asks}}}
  annotations: {{io.podman.annotations.init.container.type: always}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      hostNetwork: true
      initContainers:
        - {{name: own, image: "localhost/shop:1.2", command: ["true"]}}
      containers:
        - name: {name}
          image: localhost/shop:1.2
          command: ["answer", "{port}"]
          env: [{{name: OWN, value: kept}}]
          volumeMounts: [{{name: own, mountPath: /own}}]
      volumes: [{{name: own, emptyDir: {{}}}}]
"""
SITE = """apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [site.yaml]
components: [tfoshim/component]
patches: [{path: tfoshim/component/container.yaml}]
images: [{name: localhost/tfoshim, newName: localhost/site/tfoshim}]
"""
POD = {
    "apiVersion": "v1", "kind": "Pod",
    "metadata": {"name": "shop", "labels": {"tfoshim": "on"}, "annotations": ALWAYS},
    "spec": {
        "hostNetwork": True, "restartPolicy": "Never",
        "initContainers": [{"name": "own", "image": "localhost/shop:1.2", "command": ["true"]}],
        "containers": [
            {"name": "shop", "image": "localhost/shop:1.2", "command": ["answer", "8083"]},
            {"name": "env", "image": "localhost/shop:1.2", "env": [{"name": "A", "value": "b"}],
             "command": ["sh", "-c", "env; sleep 60"]},
            {"name": "other", "image": "localhost/shop:1.2",
             "command": ["sh", "-c", "env; sleep 60"],
             "env": [{"name": "LD_PRELOAD", "value": "/own.so"}],
             "volumeMounts": [{"name": "own", "mountPath": "/own"}]}],
        "volumes": [{"name": "own", "emptyDir": {}}]},
}


def write(folder, name, text):
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as to:
        to.write(text)
    return path


def images(world):
    """The init container's, and a shop that knows nothing of us."""
    context = os.path.join(world.place, "context")
    os.makedirs(context)
    for name in ("tfo-static", "libtfoshim.so"):
        shutil.copy(os.path.join(BUILD, name), context)
    got = world.engine.podman("build", "-q", "-t", "localhost/tfoshim:0.1", "-f",
                              SHIPPED + "/Containerfile", context)
    world.engine.podman("tag", "localhost/tfoshim:0.1", "localhost/site/tfoshim:0.1")
    root = world.roots["musl"]
    world.script(root, "docker-entrypoint.sh", "#!/bin/sh\nexec \"$@\"\n")
    archive = os.path.join(world.place, "shop.tar")
    subprocess.run(["tar", "-C", root, "--exclude=./tfoshim", "-cf", archive, "."], check=True)
    world.engine.podman("import", "-c", "ENV PATH=/bin", archive, "localhost/shop:1.2")
    os.unlink(archive)
    world.launcher(root, False)  # the clients'
    return check("pod: the image of the init container", got.returncode == 0, got)


def played(world, name, path, container, port, look=None):
    """It starts, it serves, its server takes data in SYNs."""
    tool = world.engine
    got = tool.podman("kube", "play", path, before=IN_SERVER)
    waiting = subprocess.Popen(["sleep", "10"])
    try:
        good = check(f"{name}: it starts", got.returncode == 0, got) and wait_for(port, waiting)
        if not check(f"{name}: it serves", good, tool.podman("logs", container)):
            return
        tfolab.reset()
        story = Story("", "musl", [], ["sh", "-c", MUSL_LOOP.format(SERVER, port)], 1e-3)
        times, said = times_of(world, story, world.roots["musl"], [LAUNCHER])
        accepted = tfolab.counters()["s2c_synack_data_acked"]
        check(f"{name}: the server takes data in SYNs", accepted >= 5 and len(times) == 9, accepted,
              times, said)
        if look:
            look()
    finally:
        waiting.kill()
        waiting.wait()
        tool.podman("pod", "rm", "-a", "-f", "-t", "0")
        tool.podman("kube", "down", path, before=IN_SERVER)


def by_hand(world):
    with open(SHIPPED + "/pod.yaml", encoding="utf-8") as file:
        pod = file.read()
    pod = pod.replace('["nginx", "-g", "daemon off;"]', '["answer", "8081"]')
    pod = pod.replace("spec:\n", "spec:\n  hostNetwork: true\n  restartPolicy: Never\n", 1)
    played(world, "pod", write(world.place, "pod.yaml", pod), "shop-shop", 8081)


def component(world):
    """Kustomize's own rendering of a site that has the component."""
    render = cluster.kustomize()
    if not render:
        return skip("component", "no kubectl here knows components")
    site = os.path.join(world.place, "site")
    shutil.copytree(SHIPPED + "/component", site + "/tfoshim/component")
    kinds = {"shop": "Deployment", "db": "StatefulSet", "agent": "DaemonSet", "plain": "Deployment"}
    text = "---\n".join(WORKLOAD.format(kind=kind, name=name, port=8082, asks="" if name == "plain"
                                        else ", tfoshim: 'on'") for name, kind in kinds.items())
    write(site, "site.yaml", text)
    write(site, "kustomization.yaml", SITE)
    got = subprocess.run([*render, site], capture_output=True, text=True, check=False)
    parts = dict(zip(sorted(kinds), sorted(got.stdout.split("---\n"), key=lambda part: next(
        (name for name in kinds if f"\n  name: {name}\n" in part), ""))))
    if not check("component: it is rendered", got.returncode == 0 and len(parts) == 4, got):
        return None
    for name, kind in kinds.items():
        part = parts[name]
        asks, whole = name != "plain", name == "shop"
        check(f"component: {kind} {name}", f"kind: {kind}\n" in part and
              part.count("image: localhost/site/tfoshim:0.1") == asks and
              part.count("mountPath: /to/tfoshim") == asks and part.count("Path: /own") == 1 and
              part.count(f"value: {OBJECT}") == whole and part.count("value: kept") == 1 and
              part.count("sizeLimit: 16Mi") == asks and part.count('- "true"') == 1, part)
    return played(world, "component", write(site, "played.yaml", parts["shop"]), "shop-pod-shop",
                  8082)


def policy(world):
    """Kyverno's, by its schema and its rules; merged into a pod by Kustomize."""
    render = cluster.kustomize()
    if not cluster.node_modules():
        return print("# Kyverno's policy is not tried: npm gives no", *cluster.READERS, flush=True)
    if not render:
        return skip("policy", "no kubectl here knows components")
    path = SHIPPED + "/kyverno.yaml"
    folder = os.path.join(world.place, "kyverno")
    pod = write(folder, "pod.json", json.dumps(POD))
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for was, bad in (("AnyNotIn", "Nothing"), ("Policy: Ignore", "Policy: None")):
        got = cluster.applied(write(folder, "bad.yaml", text.replace(was, bad)), pod)
        check(f"policy: Kyverno's schema refuses {bad}", got.returncode == 1, got)
    got = cluster.applied(path, pod)
    if not check("policy: it is one by Kyverno's schema", got.returncode == 0, got):
        return None
    got = subprocess.run([*render, folder], capture_output=True, text=True, check=False)
    if not check("policy: it is merged", got.returncode == 0, got):
        return None

    def look():
        for container, preload in (("env", OBJECT), ("other", "/own.so")):
            got = world.engine.podman("logs", "shop-" + container)
            check(f"policy: container {container} has LD_PRELOAD={preload}",
                  f"LD_PRELOAD={preload}\n" in got.stdout, got)

    played(world, "policy", write(folder, "played.yaml", got.stdout), "shop-shop", 8083, look)
    other = json.loads(json.dumps(POD))
    other["metadata"]["labels"]["tfoshim"] = "off"
    got = cluster.applied(path, write(folder, "pod.json", json.dumps(other)))
    return check("policy: a pod that does not ask stays", got.returncode == 0 and
                 json.loads(got.stdout)["patches"] == [], got)


def run(world):
    if images(world):
        by_hand(world)
        component(world)
        policy(world)
