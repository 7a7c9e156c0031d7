# SPDX-License-Identifier: MIT
"""Tools of those who have a cluster: a kubectl that knows components, and from npm what Kyverno's
policies are read with. Both are sought where there is a network, and used where there is none."""

import os
import shutil
import subprocess

import roots

LOADER = "lib64/ld-linux-x86-64.so.2"
READERS = ("@kubernetes-models/kyverno@2.0.0", "yaml@2.8.0", "jmespath@0.16.0")
HERE = os.path.dirname(os.path.abspath(__file__))
COMPONENT = os.path.join(os.path.dirname(os.path.dirname(HERE)), "wrappers/kubernetes/component")


def knows_components(words):
    """kubectl has it from 1.21 on; bookworm's is 1.20."""
    return subprocess.run([*words, COMPONENT], capture_output=True, check=False).returncode == 0


def kustomize():
    """The words that render the folder behind them, or None."""
    for words in (["kubectl", "kustomize"], ["kustomize", "build"]):
        if shutil.which(words[0]) and knows_components(words):
            return words
    root = roots.kept("trixie")
    if not root:
        return None
    words = [os.path.join(root, LOADER), "--library-path", root + "/usr/lib/x86_64-linux-gnu",
             root + "/usr/bin/kubectl", "kustomize"]
    return words if knows_components(words) else None


def node_modules():
    """What npm gave, or None."""
    place = roots.kept("npm")
    return place if place and shutil.which("node") else None


def fetch(place):
    """Before the lab begins. Neither is among bookworm's packages."""
    if not kustomize():
        why = roots.debian("trixie", place)[1]
        if why:
            print(f"# kubectl of trixie: {why}", flush=True)
    npm = os.path.join(place, "npm")
    os.makedirs(npm)
    if not shutil.which("npm") or subprocess.run(
            ["npm", "install", "--silent", "--no-audit", "--no-fund", *READERS], cwd=npm,
            capture_output=True, check=False, timeout=300).returncode:
        shutil.rmtree(npm)


def applied(policy, pod):
    """What Kyverno would have made of this pod, as a kustomization beside it; see kyverno.mjs."""
    folder = os.path.dirname(pod)
    npm = node_modules()
    shutil.copy(os.path.join(HERE, "kyverno.mjs"), npm)  # node looks for modules beside it
    got = subprocess.run(["node", os.path.join(npm, "kyverno.mjs"), policy, pod],
                         capture_output=True, text=True, check=False, timeout=60)
    if not got.returncode:
        with open(os.path.join(folder, "kustomization.yaml"), "w", encoding="utf-8") as to:
            to.write(got.stdout)
    return got
