#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Listeners with the same key file accept each other's cookies; a key is exchanged without
a lost round trip; a file that others may read, or that is none, is refused and said so,
and the kernel's own keys stay.

The islands are network namespaces with a TUN device, whose other end is this program: it
writes SYNs by hand and reads what the server's kernel answers."""

import ctypes
import fcntl
import os
import select
import socket
import struct
import subprocess
import sys
import time

import flow
import tfolab
from flow import SERVER4, check

KEYS = [bytes((17 * i + n) & 255 for i in range(16)).hex() for n in (1, 2, 3, 4)]
PORT = 8001
DATA = b"hello, this rode in the SYN"
LOOKS_AGAIN = 0.6  # seconds until a changed file is looked at
SYN, ACK, FIN, RST = 2, 16, 1, 4
FAST_OPEN = 34
TUNSETIFF, TUN_NO_HEADS = 0x400454CA, 0x1001
SIOCSIFFLAGS, SIOCSIFADDR, SIOCSIFNETMASK = 0x8914, 0x8916, 0x891C
libc = ctypes.CDLL(None, use_errno=True)


def as_sysctl(key):
    """The same key in the notation of net.ipv4.tcp_fastopen_key."""
    words = struct.unpack("<4I", bytes.fromhex(key))
    return "-".join(f"{word:08x}" for word in words)


def key_file(text, mode=0o600):
    path = os.path.join(flow.scratch(), "key")
    flow.put(path, text)
    os.chmod(path, mode)
    return path


# --- packets --------------------------------------------------------------------------

def checksum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packet(port, flags, seq, ack, options=b"", data=b""):
    """IPv4 and TCP, from the client's address to the server's."""
    options += b"\x01" * (-len(options) % 4)
    ends = socket.inet_aton(tfolab.CLIENT4) + socket.inet_aton(SERVER4)
    offset = (20 + len(options)) // 4 << 4
    tcp = struct.pack(">HHIIBBHHH", port, PORT, seq, ack, offset, flags, 65535, 0, 0)
    tcp += options + data
    pseudo = ends + struct.pack(">BBH", 0, socket.IPPROTO_TCP, len(tcp))
    tcp = tcp[:16] + struct.pack(">H", checksum(pseudo + tcp)) + tcp[18:]
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 1, 0, 64,
                       socket.IPPROTO_TCP, 0) + ends
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + tcp


def fast_open_of(options):
    """The cookie among a SYN-ACK's options, or None."""
    while options and options[0]:
        if options[0] == 1:
            options = options[1:]
            continue
        if options[0] == FAST_OPEN:
            return options[2:options[1]]
        options = options[options[1]:]
    return None


class Answer:
    """A SYN-ACK: how much of the SYN's data it acknowledges, the cookie it brings."""

    def __init__(self, tcp, isn):
        self.seq, ack = struct.unpack(">II", tcp[4:12])
        self.acked = (ack - isn - 1) & 0xFFFFFFFF
        self.cookie = fast_open_of(tcp[20:(tcp[12] >> 4) * 4])


# --- islands --------------------------------------------------------------------------

def interface(name, address):
    """Its address, and up."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for request, value in ((SIOCSIFADDR, address), (SIOCSIFNETMASK, "255.255.255.0")):
            fcntl.ioctl(sock, request, struct.pack(
                "16sHH4s8x", name, socket.AF_INET, 0, socket.inet_aton(value)))
        fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sH14x", name, 1))


def sysctl(name, value):
    with open(f"/proc/sys/net/ipv4/{name}", "w", encoding="ascii") as file:
        file.write(value)


class Island:
    """A network namespace with a server in it; this program is all of its network."""

    def __init__(self, path=None, own_key=None, log=None, words=None):
        self.port = 20000
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        if libc.unshare(flow.CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "unshare")
        try:
            self.tun = os.open("/dev/net/tun", os.O_RDWR)
            fcntl.ioctl(self.tun, TUNSETIFF, struct.pack("16sH14x", b"wire",
                                                         TUN_NO_HEADS))
            interface(b"wire", SERVER4)
            sysctl("tcp_fastopen", "3")
            if own_key:
                sysctl("tcp_fastopen_key", as_sysctl(own_key))
            self.server = self.start(path, log, words)
        finally:
            if libc.setns(home, flow.CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
            os.close(home)

    @staticmethod
    def start(path, log, words):
        more = {"TFOSHIM_LOG": f"error:{log}"} if log else {}
        if path:
            more["TFOSHIM_POLICY"] = flow.policy(f"[listen *]\nkey-file = {path}\n")
        server = flow.start(words or [flow.peer("answer"), PORT], stdout=subprocess.PIPE,
                            env=flow.environment(flow.scratch(), **more))
        flow.wait_for(server)
        return server

    def receive(self, port, isn):
        """The SYN-ACK for this connection."""
        until = time.monotonic() + 3
        while select.select([self.tun], [], [], max(0, until - time.monotonic()))[0]:
            got = os.read(self.tun, 4096)
            tcp = got[(got[0] & 15) * 4:]
            if got[0] >> 4 == 4 and got[9] == socket.IPPROTO_TCP and \
                    struct.unpack(">H", tcp[2:4])[0] == port and tcp[13] == SYN | ACK:
                return Answer(tcp, isn)
        raise RuntimeError("no SYN-ACK")

    def knock(self, cookie=b"", data=b""):
        """A SYN with that cookie, or a request for one, and data; what the server's
        program read of it is in .read."""
        self.port += 1
        isn = 1000 * self.port
        option = bytes([FAST_OPEN, 2 + len(cookie)]) + cookie
        os.write(self.tun, packet(self.port, SYN, isn, 0, option, data))
        answer = self.receive(self.port, isn)
        answer.read = None
        if answer.acked:
            os.write(self.tun, packet(self.port, ACK | FIN, isn + 1 + answer.acked,
                                      answer.seq + 1))
            line = self.server.stdout.readline().decode().split()
            answer.read = bytes.fromhex(line[1] if len(line) > 1 else "")
        else:
            os.write(self.tun, packet(self.port, RST, isn + 1, 0))
        return answer

    def cookie(self):
        return self.knock().cookie

    def end(self):
        flow.end(self.server)
        os.close(self.tun)


def taken(name, island, cookie, wanted, renewed=None):
    """Whether a SYN's data is acknowledged, and read, because of its cookie."""
    answer = island.knock(cookie, DATA)
    good = (answer.acked, answer.read) == ((len(DATA), DATA) if wanted else (0, None))
    if renewed is not None:
        good = good and renewed == (answer.cookie not in (None, cookie))
    check(name, good, f"{answer.acked} of {len(DATA)} B acknowledged, read {answer.read}"
          f", a new cookie: {answer.cookie not in (None, cookie)}")
    return answer


# --- stories --------------------------------------------------------------------------

def same_key():
    path = key_file(f"# the key of all\n{KEYS[0]}\n")
    first, second = Island(path), Island(path)
    other, kernels = Island(key_file(KEYS[1])), Island()
    cookie = first.cookie()
    check("a-cookie-is-offered", cookie is not None and len(cookie) == 8, f"{cookie}")
    check("the-same-cookie", second.cookie() == cookie, "")
    taken("own-cookie", first, cookie, True, False)
    taken("same-key-file", second, cookie, True, False)
    taken("another-key", other, cookie, False, True)
    taken("the-kernels-key", kernels, cookie, False, True)
    taken("the-kernels-cookie", first, kernels.cookie(), False, True)
    for island in (first, second, other, kernels):
        island.end()


def notations():
    """The kernel itself, told by its sysctl, has the same key."""
    told = Island(own_key=KEYS[0])
    cookie = told.cookie()
    texts = {
        "hex": KEYS[0], "capitals": KEYS[0].upper() + "\n", "sysctl": as_sysctl(KEYS[0]),
        "comments": f"# first\n\n\t{KEYS[0]} # the key\n#{KEYS[1]}\n",
        "primary": f"{KEYS[0]},{KEYS[1]}\n",
        "backup": f"{as_sysctl(KEYS[1])},{as_sysctl(KEYS[0])}\n",
        "mixed": f"{KEYS[1]}\r\n{as_sysctl(KEYS[0])}\r\n",
    }
    for name, text in texts.items():
        island = Island(key_file(text))
        taken(f"notation-{name}", island, cookie, True, name in ("backup", "mixed"))
        island.end()
    told.end()


def refused():
    fifo = os.path.join(flow.scratch(), "fifo")
    os.mkfifo(fifo, 0o600)
    large = key_file(KEYS[0] + "\n" + "# nothing\n" * 1000)
    paths = {
        "0644": key_file(KEYS[0], 0o644), "0640": key_file(KEYS[0], 0o640),
        "0602": key_file(KEYS[0], 0o602), "fifo": fifo, "directory": flow.scratch(),
        "missing": "/no/such/key", "garbage": key_file("the key is under the mat\n"),
        "short": key_file(KEYS[0][:-1]), "long": key_file(KEYS[0] + "0"),
        "empty": key_file("# nothing\n"), "three": key_file("\n".join(KEYS[:3])),
        "large": large,
    }
    if not flow.in_user_namespace():
        paths["foreign"] = key_file(KEYS[0])
        os.chown(paths["foreign"], 65534, 65534)
    good = Island(key_file(KEYS[0]))
    cookie = good.cookie()
    for name, path in paths.items():
        log = os.path.join(flow.scratch(), "log")
        island = Island(path, log=log)
        foreign = island.knock(cookie, DATA)
        own = island.knock(foreign.cookie or b"", DATA)
        lines = flow.lines_of(log)
        check(f"refused-{name}", foreign.acked == 0 and own.read == DATA and
              len(lines) == 1 and path in lines[0] and "event=key-file" in lines[0],
              f"{foreign.acked} B of another's, {own.acked} of the kernel's: " +
              " ".join(lines))
        island.end()
    good.end()


def link():
    """A symbolic link is as good as what it leads to."""
    path = os.path.join(flow.scratch(), "link")
    os.symlink(key_file(KEYS[0]), path)
    first, second = Island(path), Island(key_file(KEYS[0]))
    taken("symlink", second, first.cookie(), True)
    first.end()
    second.end()


# Closes 70 listeners before the one that stays, whose connections it reads.
SEVENTY = """
import os, socket, sys
def listener(port):
    sock = socket.socket()
    sock.bind(("", port))
    sock.listen(5)
    return sock
def serve():
    conn, _ = sock.accept()
    os.write(1, b"0 %s\\n" % conn.recv(100).hex().encode())
    conn.close()
for _ in range(70):
    listener(0).close()
sock = listener(int(sys.argv[1]))
os.write(1, b"ready\\n")
"""
# A worker that sleeps until the other one has served three.
WORKERS = SEVENTY.replace("70", "0") + """
read_end, write_end = os.pipe()
if os.fork():
    for _ in range(3):
        serve()
    os.write(write_end, b"x")
    os.wait()
os.read(read_end, 1)
while True:
    serve()
"""


def python(script):
    return [sys.executable, "-I", "-c", script, PORT]


def seventy():
    path = key_file(KEYS[0])
    first = Island(path)
    last = Island(path, words=python(SEVENTY + "while True: serve()"))
    taken("listener-after-70", last, first.cookie(), True)
    first.end()
    last.end()


def workers():
    """One of them has slept through an exchange."""
    path = key_file(KEYS[0])
    island = Island(path, words=python(WORKERS))
    old = island.cookie()
    flow.put(path, KEYS[1])
    time.sleep(LOOKS_AGAIN)
    taken("worker-at-rotation", island, old, True)
    time.sleep(0.2)  # it asks again, and looks
    new = taken("worker-after-rotation", island, old, True, True).cookie
    flow.put(path, KEYS[2])
    time.sleep(LOOKS_AGAIN)
    taken("worker-at-second", island, new, True)
    time.sleep(0.2)
    taken("other-worker-after-second", island, new, True, True)
    island.end()


def rotation():
    path = key_file(KEYS[0])
    log = os.path.join(flow.scratch(), "log")
    island, stranger = Island(path, log=log), Island(key_file(KEYS[3]))
    old, never = island.cookie(), stranger.cookie()
    taken("before-rotation", island, old, True, False)
    flow.put(path, KEYS[1])
    time.sleep(LOOKS_AGAIN)
    taken("at-rotation", island, old, True)
    new = taken("old-after-rotation", island, old, True, True).cookie
    taken("new-after-rotation", island, new, True, False)
    check("asked-after-rotation", island.cookie() == new, "")
    taken("never-used-key", island, never, False, True)
    flow.put(path, "garbage")
    time.sleep(LOOKS_AGAIN)
    taken("at-garbage", island, new, True, False)
    taken("new-after-garbage", island, new, True, False)
    taken("old-after-garbage", island, old, True, True)
    flow.put(path, KEYS[2])
    time.sleep(LOOKS_AGAIN)
    taken("at-second-rotation", island, new, True)
    third = taken("new-after-second", island, new, True, True).cookie
    taken("third-after-second", island, third, True, False)
    taken("old-after-second", island, old, False, True)
    lines = flow.lines_of(log)
    check("rotation-said", len(lines) == 1 and "keeping the keys before it" in lines[0],
          f"{lines}")
    island.end()
    stranger.end()


def under_traffic():
    """Real clients, while the key is exchanged twice."""
    path = key_file(KEYS[0])
    words = [os.environ["LAB"], "in", "server", flow.peer("answer"), PORT]
    server = flow.start(words, stdout=subprocess.DEVNULL, env=flow.environment(
        flow.scratch(), TFOSHIM_POLICY=flow.policy(f"[listen *]\nkey-file = {path}\n")))
    state = flow.scratch()
    kinds = {"shim": ([flow.peer("request"), "blocking", SERVER4, PORT], state),
             "native": ([flow.peer("native"), SERVER4, PORT], None)}
    time.sleep(0.3)
    for rest, (kind, (ask, under)) in ((0, item) for item in kinds.items()):
        for _ in range(3):
            flow.run(ask, under)
        tfolab.reset()
        good = 0
        for number in range(100):
            if number in (25, 60):
                flow.put(path, KEYS[(number // 30 + (kind == "native") + 1) % 4])
            if number in (26, 61):
                time.sleep(LOOKS_AGAIN)
            good += flow.run(ask, under).out.split()[1:] == ["pong"]
        rode = sum(1 for syn in flow.syns_to(PORT) if syn["payload"] == b"ping")
        acked = tfolab.counters()["s2c_synack_data_acked"]
        renewed = tfolab.counters()["s2c_synack_cookie"]
        least = 100 if kind == "native" else 80  # a busy machine is late now and then
        check(f"rotation-under-{kind}", good == 100 and acked == rode >= least and
              renewed >= 2, f"{good} answers, {acked} accepted of {rode} in the SYN, "
              f"{renewed} cookies renewed")
    flow.end(server)


def story():
    if not os.path.exists("/dev/net/tun"):
        return flow.skip("keys", "there is no /dev/net/tun")
    same_key()
    notations()
    link()
    refused()
    seventy()
    workers()
    rotation()
    under_traffic()


if __name__ == "__main__":
    flow.main(story, delay=5)
