#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draws doc/status.svg: what `tfo` says on a terminal after a few hundred connections of
real programs in the lab. PICTURE names the file; `make pictures` does it all."""

import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
import threading
import time
from xml.sax.saxutils import escape

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(HERE, "..", "flows"))
import flow  # noqa: E402
import tfolab  # noqa: E402
from flow import OTHER4, SERVER4, SERVER6  # noqa: E402

COLUMNS, WIDE, HIGH, EDGE = 80, 8.4, 18, 16
STYLE = """text { font-family: 'DejaVu Sans Mono', Menlo, Consolas, monospace; font-size: 14px;
fill: #d5d8df } .b { font-weight: bold; fill: #ffffff } .f { fill: #7f8694 }
.g { fill: #7fcf7a } .y { fill: #e8c15c } .r { fill: #f0706e }"""
CLASS = {"1": "b", "2": "f", "32": "g", "33": "y", "31": "r"}
HOSTS = (("api.example.org", SERVER4, 80, 260), ("images.example.org", SERVER6, 80, 170),
         ("old.example.net", OTHER4, 8080, 12))
PLAIN = ("mail.example.org", SERVER4, 25, 9)
KEEPS = """import socket, sys
for _ in range(40):
    s = socket.create_connection(("api.example.org", 80))
    s.sendall(b"GET /queue HTTP/1.1\\r\\nHost: api.example.org\\r\\n\\r\\n")
    s.recv(999)
    s.close()
print("ready", flush=True)
sys.stdin.readline()
"""
MAIL = """import socket
s = socket.create_connection(("mail.example.org", 25))
s.recv(99)
s.sendall(b"QUIT\\r\\n")
s.recv(99)
"""
NGINX = """daemon off; error_log /dev/null; pid {0}/pid; worker_processes 1;
events {{ worker_connections 64; }}
http {{ access_log off; server {{ listen 443; listen [::]:443; }}
client_body_temp_path {0}/a; proxy_temp_path {0}/b; fastcgi_temp_path {0}/c;
uwsgi_temp_path {0}/d; scgi_temp_path {0}/e; }}
"""


# --- what is done -----------------------------------------------------------------------

class World:
    """A state directory, names for hosts, and programs as they are."""

    def __init__(self):
        self.state, self.room = flow.scratch(), flow.scratch()
        hosts = "".join(f"{at} {name}\n" for name, at, *_ in (*HOSTS, PLAIN))
        self.hosts = flow.put(os.path.join(self.room, "hosts"), hosts)
        self.env = flow.environment(self.state)
        del self.env["TFOSHIM_POLICY"]

    def words(self, *words):
        """With our names of hosts."""
        mount = 'mount --bind "$0" /etc/hosts && exec "$@"'
        return ["unshare", "-m", "sh", "-c", mount, self.hosts, *words]

    def run(self, *words):
        """To its end."""
        subprocess.run(self.words(*words), env=self.env, check=False, timeout=60,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def start(self, *words):
        """One that stays."""
        return subprocess.Popen(self.words(*words), env=self.env, stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                start_new_session=True)


def work(world):
    """A few hundred connections; some of them over a path that loses SYNs."""
    for port in {port for _, _, port, _ in HOSTS}:
        flow.Service(flow.http, port=port)
    flow.Service(flow.greet, port=PLAIN[2])
    for name, _, port, _ in HOSTS:
        for _ in range(3):
            world.run("curl", "-s", f"http://{name}:{port}/")
    tfolab.fault("drop-syn-data", "on port=8080")
    jobs = [(name, port) for name, _, port, count in HOSTS for _ in range(count)]
    flow.together(lambda job: world.run("curl", "-s", f"http://{job[0]}:{job[1]}/"), jobs, 3)
    tfolab.clear()
    for _ in range(PLAIN[3]):
        world.run("python3", "-c", MAIL)


def stay(world):
    """Programs that run while it is looked."""
    flow.put(os.path.join(world.room, "nginx"), NGINX.format(world.room))
    some = [world.start("python3", "-c", KEEPS)]
    flow.wait_for(some[0])
    if shutil.which("nginx"):
        some.append(world.start("nginx", "-c", os.path.join(world.room, "nginx")))
    time.sleep(1)
    return some


def show(state):
    """What `tfo` writes to a terminal."""
    outer, inner = pty.openpty()
    fcntl.ioctl(outer, termios.TIOCSWINSZ, struct.pack("4H", 60, COLUMNS, 0, 0))
    env = dict(flow.environment(TFOSHIM_STATE=state), TERM="xterm")
    for name in ("NO_COLOR", "COLUMNS", "LINES"):
        env.pop(name, None)
    got = []
    reader = threading.Thread(target=lambda: got.extend(iter(lambda: read(outer), b"")))
    reader.start()
    subprocess.run([os.environ["TFO"]], env=env, stdout=inner, check=True)
    os.close(inner)
    reader.join()
    return b"".join(got).decode().replace("\r\n", "\n")


def read(fd):
    """Until nobody is at the other end."""
    try:
        return os.read(fd, 65536)
    except OSError:
        return b""


# --- the picture ------------------------------------------------------------------------

def spans(line, kind=""):
    """(column, words, class); and the class behind them."""
    found, column = [], 0
    for part in re.split(r"(\033\[\d+m)", line):
        code = re.fullmatch(r"\033\[(\d+)m", part)
        if code:
            kind = CLASS.get(code.group(1), "")
        elif part:
            found.append((column, part, kind))
            column += len(part)
    return found, kind


def draw(text):
    """The terminal's window."""
    lines = ["\033[2m$\033[0m \033[1mtfo\033[0m", *text.rstrip("\n").split("\n")]
    width, height = COLUMNS * WIDE + 2 * EDGE, len(lines) * HIGH + 2 * EDGE
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" '
           f'viewBox="0 0 {width:.0f} {height}" role="img">',
           "<title>what tfo says on a terminal</title>", f"<style>{STYLE}</style>",
           f'<rect width="{width:.0f}" height="{height}" rx="8" fill="#1d2027"/>']
    kind = ""
    for i, line in enumerate(lines):
        found, kind = spans(line, kind)
        for column, words, mark in found:
            for part in re.finditer(r"\S+( \S+)*", words):  # spaces are no width of theirs
                x, wide = (column + part.start()) * WIDE, len(part.group()) * WIDE
                out.append(f'<text x="{EDGE + x:.1f}" y="{EDGE + (i + 1) * HIGH - 5}" '
                           f'textLength="{wide:.1f}"' + (f' class="{mark}"' if mark else "")
                           + f">{escape(part.group())}</text>")
    return "\n".join([*out, "</svg>", ""])


def story():
    world = World()
    work(world)
    some = stay(world)
    text = show(world.state)
    for process in some:
        flow.end(process)
    words = re.sub(r"\033\[\d+m", "", text)
    print(words)
    picture = os.environ.get("PICTURE")
    if picture:
        with open(picture, "w", encoding="utf-8") as file:
            file.write(draw(text))
    flow.check("picture", "Worth it here" in words and
               "paused old.example.net:8080" in words and " nginx " in words)


if __name__ == "__main__":
    flow.main(story, delay=24, limit=180)
