# SPDX-License-Identifier: MIT
"""For tests that run in the lab (see README.md): asks the wire, starts servers at its
other end, reads TCP_INFO. Knows nothing of what is tested."""

import os
import socket
import statistics
import struct
import subprocess

CLIENT4, CLIENT6 = "192.0.2.1", "2001:db8::1"
SERVER4, SERVER6 = "192.0.2.2", "2001:db8::2"
OTHER4, OTHER6 = "192.0.2.3", "2001:db8::3"  # the server's second addresses

TCP_FASTOPEN = 23
TCP_FASTOPEN_CONNECT = 30
MSG_FASTOPEN = 0x20000000

STATES = [None, "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2",
          "TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING",
          "NEW_SYN_RECV"]
CFAIL = ["UNSPEC", "COOKIE_UNAVAILABLE", "DATA_NOT_ACKED", "SYN_RETRANSMITTED"]

median = statistics.median


class LabError(Exception):
    """The lab refused; its sentence."""


def ctl(cmd):
    """Sends one request to the wire; returns the lines of the answer."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(10)
        sock.connect(os.environ["LAB_CONTROL"])
        sock.sendall(cmd.encode() + b"\n")
        answer = b""
        while answer != b"\n" and not answer.endswith(b"\n\n"):
            got = sock.recv(65536)
            if not got:
                raise LabError("the lab hung up")
            answer += got
    lines = answer.decode().splitlines()[:-1]
    if lines and lines[0].startswith("error "):
        raise LabError(lines[0][len("error "):])
    return lines


def counters():
    """All counters by name: int, but for last_syn_payload (hex, or "-")."""
    pairs = (line.split("=", 1) for line in ctl("counters"))
    return {name: value if name == "last_syn_payload" else int(value)
            for name, value in pairs}


def syns():
    """The last SYNs, oldest first, as dicts; time is that of time.monotonic()."""
    names = ("time", "direction", "source", "destination", "payload_length", "payload",
             "cookie", "verdict")
    found = []
    for line in ctl("syns"):
        syn = dict(zip(names, line.split()))
        syn["time"] = float(syn["time"])
        syn["payload_length"] = int(syn["payload_length"])
        syn["cookie"] = int(syn["cookie"])
        syn["payload"] = bytes.fromhex(syn["payload"].replace("-", ""))
        found.append(syn)
    return found


def fault(name, value="on"):
    """Switches a fault: "on", "off", a number, or with limits: "on port=80"."""
    ctl(f"fault {name} {value}")


def clear():
    """Switches all faults off."""
    ctl("clear")


def reset():
    """Zeroes the counters and forgets the SYNs."""
    ctl("reset")


def delay(ms):
    """Changes the round-trip time."""
    ctl(f"delay {ms}")


def server(args, **popen):
    """Starts a program in the server's namespace."""
    return subprocess.Popen([os.environ["LAB"], "in", "server", *args], **popen)


def tcp_info(sock):
    """What the kernel says of the connection, by TCP_INFO of Linux 4.19 and later."""
    raw = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    raw += bytes(256 - len(raw))

    def number(form, offset):
        return struct.unpack_from(form, raw, offset)[0]

    return {
        "state": STATES[raw[0]],
        "options": raw[5],
        "syn_data_acked": bool(raw[5] & 0x20),
        "cfail": CFAIL[raw[7] >> 1 & 3],
        "rtt_us": number("I", 68),
        "total_retrans": number("I", 100),
        "bytes_received": number("Q", 128),
        "segs_out": number("I", 136),
        "segs_in": number("I", 140),
        "bytes_sent": number("Q", 200),
    }
