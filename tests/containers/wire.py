# SPDX-License-Identifier: MIT
"""A server and a client of the lab, each in a container, and what wire and kernel counted."""

import os
import shutil
import socket
import subprocess
import time

from world import LAB  # it knows the way to tfolab, too
import tfolab

SERVER = tfolab.SERVER4
IN_SERVER = (LAB, "in", "server")
LOOP = ('for i in 1 2 3 4 5 6 7 8 9; do curl -s -o /dev/null -w "%{{time_total}}\\n" '
        'http://{0}:{1}/; done')
MUSL_LOOP = 'for i in 1 2 3 4 5 6 7 8 9; do request blocking {0} {1}; done'


class Story:
    """A server and a client of one kind of container."""

    def __init__(self, name, root, server, client, scale, port=80, options=()):
        self.name, self.root, self.server, self.client = name, root, server, client
        self.scale, self.port, self.options = scale, port, options
        self.scripts = (False, True)
        self.entrypoint = []


def stories(address=SERVER):
    """All kinds, with clients of the server at this address."""
    nginx = ["nginx", "-g", "daemon off;"]
    httpd = ["busybox", "httpd", "-f", "-p", "8080", "-h", "/etc"]
    curl = ["sh", "-c", LOOP.format(address, 80)]
    curl_8080 = ["sh", "-c", LOOP.format(address, 8080).replace(":8080/", ":8080/hostname")]
    nobody = ["--user=1000:1000", "--cap-drop=all", "--security-opt=no-new-privileges"]
    scratch = Story("scratch", "scratch", ["/answer", "80"],
                    ["/request", "blocking", address, "80"], 1e-3)
    scratch.scripts = (False,)  # there is no shell
    script = ["/docker-entrypoint.sh"]
    by_script = Story("an entrypoint that is a script", "bookworm", [*script, *nginx],
                      [*script, *curl], 1e3)
    by_script.entrypoint = script
    return [
        Story("glibc 2.36", "bookworm", nginx, curl, 1e3),
        Story("glibc 2.31", "bullseye", nginx, curl, 1e3),
        Story("musl", "musl", ["answer", "80"], ["sh", "-c", MUSL_LOOP.format(address, 80)], 1e-3),
        scratch,
        Story("read-only root", "bookworm", httpd, curl_8080, 1e3, 8080, ["--read-only"]),
        Story("a user without capabilities", "bullseye", httpd, curl_8080, 1e3, 8080, nobody),
        by_script,
    ]


def passive(before=IN_SERVER):
    """The kernel's own count of a network namespace: the server's."""
    text = subprocess.run([*before, "cat", "/proc/net/netstat"], capture_output=True, text=True,
                          check=True).stdout
    names, values = [line.split() for line in text.splitlines() if line.startswith("TcpExt:")]
    return int(dict(zip(names, values))["TCPFastOpenPassive"])


def wait_for(port, process, address=SERVER):
    """By a plain connection: it asks for no cookie."""
    for _ in range(200):
        try:
            with socket.create_connection((address, port), timeout=1) as sock:
                sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
                sock.recv(1)
            return True
        except OSError:
            if process.poll() is not None:
                return False
            time.sleep(0.05)
    return False


def times_of(world, story, root, launcher):
    """Milliseconds of each of its connections, and what was said on stderr."""
    said = ""
    if story.root == "scratch":
        state = os.path.join(world.place, "state")
        os.makedirs(state, mode=0o700, exist_ok=True)
        out = []
        for _ in range(9):
            got = world.engine.run(root, [*launcher, *story.client],
                                   ["-v", state + ":/run/tfoshim", *story.options])
            out.append(got.stdout)
            said += got.stderr
        shutil.rmtree(state)
    else:
        got = world.engine.run(root, [*launcher, *story.client], story.options)
        out, said = got.stdout.splitlines(), got.stderr
    return [float(line.split()[0]) * story.scale for line in out if line.strip()], said
