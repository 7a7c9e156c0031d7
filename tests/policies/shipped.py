#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What each shipped policy promises, on the wire: which first bytes ride, what listeners
offer, which options are set."""

import os
import ssl
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "flows"))
import flow  # noqa: E402
import tfolab  # noqa: E402
from flow import SERVER4, SERVER6, check  # noqa: E402
from policy import GET, POST, UNKNOWN, Far  # noqa: E402

POLICIES = os.path.join(os.path.abspath(os.environ.get("SRC") or os.path.join(HERE, "../..")),
                        "policies")
PRIVATE4, PRIVATE6 = "10.77.0.2", "fd77::2"  # of the server, beside those of the lab
PYTHON = """
import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
s.sendall(bytes.fromhex(sys.argv[3]))
s.recv(100)
"""


def under(name):
    """The environment of a shipped policy."""
    return {"TFOSHIM_POLICY": os.path.join(POLICIES, name + ".policy")}


def client_hello():
    """What a TLS client says first."""
    to = ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), to, server_hostname="a.example")
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return to.read().hex()


def says(text):
    """A client that writes this first."""
    return lambda host, port: [flow.peer("request"), "blocking", host, port, text]


def says_hex(text):
    """The same, for what has zeros in it."""
    return lambda host, port: [sys.executable, "-c", PYTHON, host, port, text]


def sends(policy, what, words, wanted, host=SERVER4, before=None):
    """What the SYN of a client does that has proven the server, without a policy, with a
    first write that rides.  Who was late, on a busy machine, tries again; what must not
    ride must not do so three times."""
    far = Far()
    manners = []
    for _ in range(6 if wanted == "rides" else 3):
        far.prove(before or words, host)
        done = far.once(words, host, **under(policy))
        manners += done.manners
        if wanted == "rides" and done.manners == [wanted]:
            manners = done.manners
            break
    check(f"{policy}: {what}: {wanted}", set(manners) == {wanted} and done.code == 0,
          f"{manners}, {done}")


def offers(policy, wanted):
    """Does a listener give a cookie to who asks for one?"""
    far = Far()
    port = far.port
    far.service.stop()
    words = [os.environ["LAB"], "in", "server", flow.peer("answer"), port]
    server = flow.start(words, env=flow.environment(flow.scratch(), **under(policy)),
                        stdout=subprocess.PIPE)
    flow.wait_for(server)
    tfolab.reset()
    tfolab.fault("strip-option-reply")  # so that the next one asks again
    done = flow.run([flow.peer("native"), flow.OTHER4, port])
    tfolab.clear()
    asked, got = (tfolab.counters()[key] for key in
                  ("c2s_syn_cookie_request", "s2c_synack_cookie"))
    flow.end(server)
    check(f"{policy}: listeners {'offer' if wanted else 'do not offer'} cookies",
          asked == 1 and got == wanted and done.code == 0, f"{got} to {asked}, {done}")


def private():
    """Addresses as datacenter.policy means them, at both ends."""
    lab = os.environ["LAB"]
    for side, last in (("client", 1), ("server", 2)):
        for address in f"10.77.0.{last}/24", f"fd77::{last}/64":
            ip = [lab, "in", side, "ip"]
            links = subprocess.run([*ip, "-o", "link", "show", "up"], check=True, text=True,
                                   capture_output=True).stdout.splitlines()
            name = [line.split(": ")[1] for line in links if " lo: " not in line][0]
            subprocess.run([*ip, "address", "add", address, "dev", name], check=True)


def default():
    """As without a policy."""
    sends("default", "GET", says(GET), "rides")
    sends("default", "an unknown protocol", says(UNKNOWN), "rides")
    sends("default", "POST", says(POST), "alone", before=says(GET))
    offers("default", 1)


def public_internet():
    """Only what is known to be safe."""
    hello = client_hello()
    sends("public-internet", "GET", says(GET), "rides")
    sends("public-internet", "GET, IPv6", says(GET), "rides", SERVER6)
    sends("public-internet", "ClientHello", says_hex(hello), "rides")
    sends("public-internet", "POST", says(POST), "alone", before=says(GET))
    sends("public-internet", "an unknown protocol", says(UNKNOWN), "alone",
          before=says(GET))
    offers("public-internet", 1)


def datacenter():
    """Everything, and only within."""
    for host in PRIVATE4, PRIVATE6:
        sends("datacenter", f"POST to {host}", says(POST), "rides", host,
              before=says(GET))
    sends("datacenter", "POST elsewhere", says(POST), "alone", before=says(GET))
    sends("datacenter", "GET elsewhere", says(GET), "rides")
    offers("datacenter", 1)
    far = Far()
    for host, wanted in (PRIVATE4, {"nodelay": "1", "keepalive": "1", "idle": "60",
                                    "interval": "10", "count": "3",
                                    "user-timeout": "30000"}), \
                        (SERVER4, {"nodelay": "0", "keepalive": "0", "user-timeout": "0"}):
        done = flow.run([flow.peer("options"), "client", "none", host, far.port],
                        flow.scratch(), **under("datacenter"))
        pairs = [dict(pair.split("=") for pair in line.split()[1:])
                 for line in done.out.splitlines()]
        shown = {key: pairs[-1].get(key) for key in wanted} if pairs else {}
        check(f"datacenter: options of {host}", shown == wanted, f"{shown}, {done}")


def listeners_only():
    """Nothing in this machine's own SYNs, all for its clients."""
    sends("listeners-only", "GET", says(GET), "plain")
    sends("listeners-only", "POST", says(POST), "plain", before=says(GET))
    offers("listeners-only", 1)


def observe_only():
    """Nothing at either end."""
    sends("observe-only", "GET", says(GET), "plain")
    sends("observe-only", "GET, IPv6", says(GET), "plain", SERVER6)
    offers("observe-only", 0)


def story():
    """Each policy for itself."""
    private()
    for part in (default, public_internet, datacenter, listeners_only, observe_only):
        part()


if __name__ == "__main__":
    flow.main(story, delay=5)
