# SPDX-License-Identifier: MIT
"""What wrappers/README.md has people write, typed: the Containerfile, the line for docker (podman
knows the same words) and the compose file (by podman-compose)."""

import os
import re
import shlex
import shutil
import subprocess

from told import check, skip
from world import SRC, TFO, beside

NGINX = "nginx -g 'daemon off;'"
ASK = "echo $LD_PRELOAD; cat /proc/sys/net/ipv4/tcp_fastopen; exit 3"
WANTED = "behind a b\n/tfoshim/libtfoshim.so\n3\n"

# podman for podman-compose: by our storage, and without the network and terminal that it adds.
PODMAN = """#!/bin/sh
[ "$1" != network ] || exit 0
for word; do
	shift
	case $before:$word in
	--net:* | --network-alias:* | *:--net | *:--network-alias | *:--tty) ;;
	*) set -- "$@" "$word" ;;
	esac
	before=$word
done
exec {} "$@"
"""


def block(language):
    """The fenced one of this language."""
    with open(os.path.join(SRC, "wrappers/README.md"), encoding="utf-8") as file:
        return re.search(f"```{language}\n(.*?)```", file.read(), re.S).group(1)


def asks(text, was, words):
    """Our question in the place of the example's command."""
    check("README: the example has a command", was in text, text)
    return text.replace(was, words)


def shop(world, folder):
    """An image whose entrypoint is a script, and /tfoshim beside the Containerfile."""
    root = world.roots["musl"]
    subprocess.run([TFO, "uninstall", "--container", root], check=True, capture_output=True)
    world.script(root, "docker-entrypoint.sh", "#!/bin/sh\necho behind a b\nexec \"$@\"\n")
    archive = os.path.join(world.place, "readme.tar")
    subprocess.run(["tar", "-C", root, "-cf", archive, "."], check=True)
    world.engine.podman("import", "-c", "ENV PATH=/bin", "-c",
                        'ENTRYPOINT ["/docker-entrypoint.sh"]', archive, "localhost/shop:1.2")
    os.unlink(archive)
    os.makedirs(folder)
    return subprocess.run([TFO, "install", "--container", "."], cwd=folder, capture_output=True,
                          text=True, check=False)


def compose(world, folder):
    """podman-compose, with our storage and no network."""
    if not shutil.which("podman-compose"):
        return skip("compose", "podman-compose is not installed")
    text = asks(block("yaml"), '["nginx", "-g", "daemon off;"]', f'["sh", "-c", "{ASK}"]')
    text = text.replace("/srv/", folder + "/").replace(
        "sysctls:", "network_mode: none\n    sysctls:").replace("$LD", "$$LD")
    with open(os.path.join(folder, "compose.yaml"), "w", encoding="utf-8") as to:
        to.write(text)
    bin_ = os.path.join(folder, "bin")
    os.makedirs(bin_)
    world.script(bin_, "podman", PODMAN.format(shlex.join(
        [shutil.which("podman"), *world.engine.podman_words[1:]])))
    got = subprocess.run(
        ["podman-compose", "-f", "compose.yaml", "run", "--rm", "shop"], cwd=folder, check=False,
        env={**world.engine.environment, "PATH": bin_ + ":" + world.engine.environment["PATH"]},
        capture_output=True, text=True, timeout=180, stdin=subprocess.DEVNULL)
    return check("README: compose", "exit code: 3\n" in got.stdout and WANTED in got.stdout and
                 not beside(got.stderr).strip(), got)


def run(world):
    tool, folder = world.engine, os.path.join(world.place, "readme")
    got = shop(world, folder)
    if not check("README: the folder of the build", got.returncode == 0, got):
        return
    text = asks(block("Dockerfile"), '["nginx", "-g", "daemon off;"]', f'["sh", "-c", "{ASK}"]')
    with open(os.path.join(folder, "Containerfile"), "w", encoding="utf-8") as to:
        to.write(text)
    got = tool.podman("build", "-q", "--pull=never", "-t", "localhost/mine", folder)
    check("README: the Containerfile", got.returncode == 0, got)
    got = tool.run("localhost/mine", [], ["--sysctl=net.ipv4.tcp_fastopen=3"], ["--network=none"])
    check("README: its image", got.returncode == 3 and got.stdout == WANTED and
          not beside(got.stderr), got)
    words = shlex.split(asks(block("sh"), NGINX, f"sh -c '{ASK}'").replace("/srv/", folder + "/"))
    check("README: docker run", words[:2] == ["docker", "run"], words)
    got = tool.podman("run", "--rm", "--network=none", *words[2:])
    check("README: the line for docker", got.returncode == 3 and got.stdout == WANTED and
          not beside(got.stderr), got)
    compose(world, folder)
