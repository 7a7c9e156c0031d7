# SPDX-License-Identifier: MIT
"""A container whose first process is a real systemd; what is written and run in it; and who makes
connections to its services, or is there for theirs."""

import os
import shutil
import socket
import struct
import subprocess
import threading
import time

from wire import IN_SERVER  # it knows the way to tfolab, too
from world import BUILD
import tfolab

OURS = "/etc/systemd/system/{}.service.d/zz-tfoshim.conf"
OBJECT = "/opt/tfo/libtfoshim.so"
AT_HOME = os.path.join("/home", "tfo")
CAPS = ["--systemd=always", "--cap-add=SYS_ADMIN", "--security-opt=seccomp=unconfined"]
BOOTED = ("for i in $(seq 100); do [ ! -S /run/dbus/system_bus_socket ] || break; sleep 0.1; done; "
          "systemctl is-system-running --wait")


def connect(port, n):
    """So many connections whose first bytes ask to ride in the SYN: of how many they did, by the
    wire; and whether each was answered."""
    tfolab.reset()
    answered = 0
    for _ in range(n):
        with socket.socket() as sock:
            for side in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):  # it blocks, but not for ever
                sock.setsockopt(socket.SOL_SOCKET, side, struct.pack("ll", 5, 0))
            try:
                sock.sendto(b"GET / HTTP/1.0\r\n\r\n", tfolab.MSG_FASTOPEN, (tfolab.SERVER4, port))
                answered += sock.recv(100)[:4] == b"HTTP"
            except OSError:
                pass
    return tfolab.counters()["s2c_synack_data_acked"], answered == n


def set_sysctl(value):
    """In the namespace of the services."""
    subprocess.run([*IN_SERVER, "sh", "-c", "echo $(($0)) > /proc/sys/net/ipv4/tcp_fastopen",
                    value], check=True)


def wait_port(port):
    for _ in range(100):
        try:
            with socket.create_connection((tfolab.SERVER4, port), timeout=1):
                return True
        except OSError:
            time.sleep(0.05)
    return False


class Peer:
    """At the other end of the wire, for services that are clients."""

    def __init__(self, port):
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.sock.setsockopt(socket.IPPROTO_TCP, tfolab.TCP_FASTOPEN, 64)
        self.sock.bind((tfolab.CLIENT4, port))
        self.sock.listen(64)
        self.url = f" http://{tfolab.CLIENT4}:{port}/"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                conn, _ = self.sock.accept()
            except OSError:
                return
            with conn:
                conn.recv(1000)
                conn.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")


class Machine:
    """The container: what is run in it, and the services that are written for it."""

    def __init__(self, world):
        self.root = world.roots["bookworm"]
        self.put(world)
        self.box = world.engine.start(self.root, ["/lib/systemd/systemd"], CAPS, before=IN_SERVER)
        self.pid = None
        for _ in range(100):
            got = world.engine.podman("inspect", "--format", "{{.State.Pid}}", self.box.name)
            if got.stdout.strip().isdigit() and int(got.stdout):
                self.pid = got.stdout.strip()
                break
            time.sleep(0.1)
        self.boot = self.run(BOOTED) if self.pid else None

    def put(self, world):
        """tfo, the one that needs no library, the object, and another object."""
        for place in ("opt/tfo", "home/tfo"):
            os.makedirs(f"{self.root}/{place}", exist_ok=True)
            for name, what in (("tfo", "tfo-static"), ("libtfoshim.so", "libtfoshim.so")):
                shutil.copy(os.path.join(BUILD, what), f"{self.root}/{place}/{name}")
                os.chmod(f"{self.root}/{place}/{name}", 0o755)
        subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o",
                        self.root + "/opt/own.so"], check=True, text=True,
                       input="int own_value = 1;\n")
        os.makedirs(self.root + "/srv/root/opt", exist_ok=True)
        for name in ("lib", "lib64", "bin", "sbin"):
            if not os.path.lexists(f"{self.root}/srv/root/{name}"):
                os.symlink("usr/" + name, f"{self.root}/srv/root/{name}")

    def run(self, script, timeout=60):
        """By a shell in it, as root."""
        words = ["nsenter", "-t", str(self.pid), "-m", "-u", "-i", "-p", "-n", "/bin/sh", "-c",
                 script]
        clean = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "TERM": "dumb"}
        return subprocess.run(words, env=clean, capture_output=True, text=True, check=False,
                              timeout=timeout, stdin=subprocess.DEVNULL)

    def out(self, script):
        return self.run(script).stdout.strip()

    def tfo(self, verb, unit, place="/opt/tfo", *more):
        return self.run(" ".join([place + "/tfo", verb, "--systemd", unit, *more]))

    def write(self, path, text):
        os.makedirs(os.path.dirname(self.root + path), exist_ok=True)
        with open(self.root + path, "w", encoding="utf-8") as to:
            to.write(text)

    def unit(self, name, text):
        self.write(f"/etc/systemd/system/{name}", text)

    def server(self, name, port, settings="", more=""):
        self.unit(name + ".service", "[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=exec\n"
                  f"ExecStart=/bin/busybox httpd -f -p {port} -h /usr/share\n"
                  f"{settings}\n{more}")

    def main_pid(self, unit):
        return self.out(f"systemctl show -P MainPID {unit}")

    def mapped(self, unit):
        """The objects that are not of the program's own; libc is mapped last."""
        pid = self.main_pid(unit)
        return set(self.out("for i in $(seq 50); do grep -q libc.so "
                            f"/proc/{pid}/maps && break; sleep 0.1; done; "
                            f"sed -n 's/.* r-xp .* //p' /proc/{pid}/maps | sort -u | "
                            "grep -E 'libtfoshim|own.so'").split())

    def environment(self, unit):
        return self.out(f"tr '\\0' '\\n' < /proc/{self.main_pid(unit)}/environ").split("\n")

    def picture(self):
        """All that systemd, a package or an administrator may have put there."""
        return self.out("find /etc /usr /opt /home /srv /root /var/lib/systemd "
                        "/run/systemd/system /run/systemd/transient /run/tfoshim -xdev "
                        "! -name random-seed -printf '%p %y %m %U %s %T@ %l\\n' 2>/dev/null | "
                        "grep -v -e '^/etc/systemd/system d' -e '^/run/systemd/[a-z]* d'")

    def end(self):
        return self.box.end("KILL")
