# SPDX-License-Identifier: MIT
"""shell: openssl, socat, nc, ncat, dig, bash: what people type; servers that serve one."""

from row import Row, first_contact, opens, rides
from web import nginx

PORT = 7000


def serve_once(*words, stdin=None):
    """A server of one connection; what it said is compared too."""
    def start(place):
        feed = open(place.file("feed", stdin), "rb") if stdin is not None else None
        return place.serve(words, PORT, **({"stdin": feed} if feed else {}))
    return start


def answers(listen=f"TCP-LISTEN:{PORT}"):
    """A server of one connection that answers one line, however late it or its end comes."""
    return serve_once("socat", "-t", 5, f"{listen},reuseaddr", "SYSTEM:read x; echo got $x")


def nothing(_place):
    """Nobody listens."""


CLOSED = {"cookie_from": 80, "modes": ("bare", "client")}


def s_server(place):
    return place.serve(["openssl", "s_server", "-quiet", "-cert", "{shared}/cert.pem",
                        "-key", "{shared}/key.pem", "-accept", PORT, "-naccept", 1], PORT)


NC = ["netcat-openbsd"]
ONE = "printf 'one\\n' | "
SHOUT = ("-N", "-l", PORT)

# --- openssl
Row("openssl s_client", ["openssl"], s_server,
    ["sh", "-c", "(echo hello; sleep 0.2) | openssl s_client -quiet -no_ign_eof -connect "
     "{host}:7000 -CAfile {shared}/cert.pem"], rides(), PORT, once=True,
    mask=[(r"^(depth|verify).*\n?", "")])
Row("openssl s_client tls1_2", ["openssl", "nginx"], nginx,
    ["sh", "-c", "printf 'GET /hello HTTP/1.0\\r\\n\\r\\n' | openssl s_client -quiet "
     "-ign_eof -tls1_2 -connect {host}:443 -CAfile {shared}/cert.pem"], rides(), 443,
    mask=[(r"^(Date|ETag|Last-Modified).*\n?", "")])

Row("openssl s_time", ["openssl", "nginx"], nginx,
    ["openssl", "s_time", "-connect", "{host}:443", "-new", "-time", 1, "-CAfile",
     "{shared}/cert.pem"], rides(0.5), 443, mask=[(r"^[*t]+", ""), (r"[\d.]+", "N")])

# --- nc
Row("nc", NC + ["socat"], answers(), ["sh", "-c", ONE + "nc {host} 7000"], rides(), PORT,
    once=True)
Row("nc -N", NC + ["socat"], answers(), ["sh", "-c", ONE + "nc -N {host} 7000"], rides(),
    PORT, once=True)
Row("nc -N reads nothing", NC, serve_once("nc", *SHOUT, stdin="from the server\n"),
    ["nc", "-N", "{host}", PORT], opens("nothing is written, an end is sent"), PORT,
    once=True)
Row("nc -d", NC, serve_once("nc", *SHOUT, stdin="from the server\n"),
    ["nc", "-d", "{host}", PORT], opens("nothing is written"), PORT, once=True)
Row("nc large", NC, serve_once("sh", "-c", "nc -N -l 7000 </dev/null | md5sum"),
    ["sh", "-c", "head -c 3000000 /dev/zero | nc -N {host} 7000"], rides(), PORT,
    once=True)
Row("nc -z open", NC + ["nginx"], nginx, ["nc", "-z", "-v", "{host}", 80],
    opens("it only knocks: connect() tells the truth"))
Row("nc -z closed", NC, nothing, ["nc", "-z", "-v", "{host}", PORT],
    first_contact("nobody has answered there"), PORT, code=1, **CLOSED)
Row("nc -z range", NC + ["nginx"], nginx, ["nc", "-z", "-v", "{host}", "78-82"],
    opens("it only knocks"), code=0)
Row("nc -w closed then open", NC + ["nginx"], nginx,
    ["sh", "-c", "for port in 81 82 80; do printf 'HEAD / HTTP/1.0\\r\\n\\r\\n' | "
     "nc -w 3 {host} $port | head -n 1; echo $?; done"], rides(), mask=[])
Row("nc IPv6", NC + ["socat"], answers(f"TCP6-LISTEN:{PORT}"),
    ["sh", "-c", ONE + "nc -N 2001:db8::2 7000"], rides(), PORT, once=True)

# --- ncat
Row("ncat", ["ncat"], serve_once("ncat", "-l", PORT, "--send-only", stdin="served\n"),
    ["sh", "-c", "ncat --recv-only {host} 7000"], opens("the server speaks first"), PORT,
    once=True)
Row("ncat both ways", ["ncat", "socat"], answers(),
    ["sh", "-c", ONE + "ncat {host} 7000"], rides(), PORT, once=True)
Row("ncat -c", ["ncat"] + NC, serve_once("ncat", "-l", PORT, "-c", "read x; echo got $x"),
    ["sh", "-c", ONE + "nc {host} 7000"], rides(), PORT, once=True)
Row("ncat -z open", ["ncat", "nginx"], nginx, ["ncat", "-z", "-v", "{host}", 80],
    opens("it only knocks"), mask=[(r"in \S+ seconds", "")])
Row("ncat -z closed", ["ncat"], nothing, ["ncat", "-z", "-v", "{host}", PORT],
    first_contact("nobody has answered there"), PORT, code=1, **CLOSED)
Row("ncat --ssl", ["ncat", "socat", "openssl"],
    answers(f"OPENSSL-LISTEN:{PORT},cert={{shared}}/cert.pem,key={{shared}}/key.pem,verify=0"),
    ["sh", "-c", "rm -f f; mkfifo f; ncat --ssl {host} 7000 < f | "
     "(exec 3> f; echo one >&3; read x; echo $x)"], rides(), PORT, once=True)
Row("ncat --ssl -c", ["ncat", "socat", "openssl"],
    serve_once("ncat", "-l", PORT, "--ssl", "--ssl-cert", "{shared}/cert.pem", "--ssl-key",
               "{shared}/key.pem", "-c", "read x; echo got $x"),
    ["socat", "OPENSSL:{host}:7000,cafile={shared}/cert.pem,commonname=192.0.2.2",
     "SYSTEM:echo one; read x; echo $x >&2"], rides(), PORT, once=True)

# --- socat
REV = ("socat", "-t", 5, f"TCP-LISTEN:{PORT},reuseaddr", "EXEC:rev")
Row("socat", ["socat"], serve_once(*REV),
    ["sh", "-c", ONE + "socat -t 5 - TCP:{host}:7000"], rides(), PORT, once=True)
Row("socat fork", ["socat"],
    lambda place: place.serve(["socat", "-t", 5, f"TCP-LISTEN:{PORT},reuseaddr,fork",
                               "EXEC:rev"], PORT),
    ["sh", "-c", "for n in 123 456 789; do echo $n | socat -t 5 - TCP:{host}:7000 & done; "
     "wait"], rides(0.5), PORT, sort=True)
Row("socat reads", ["socat"],
    serve_once("socat", f"TCP-LISTEN:{PORT},reuseaddr", "SYSTEM:echo greeting"),
    ["socat", "-u", "TCP:{host}:7000", "-"], opens("the server speaks first"), PORT,
    once=True)
Row("socat closed", ["socat"], nothing, ["socat", "-", "TCP:{host}:7000"],
    first_contact("nobody has answered there"), PORT, code=1, **CLOSED,
    mask=[(r"^.*socat\[\d+\] ", "")])
Row("socat openssl", ["socat", "openssl"],
    serve_once("socat", "-t", 5, f"OPENSSL-LISTEN:{PORT},reuseaddr,cert={{shared}}/cert.pem,"
               "key={shared}/key.pem,verify=0", "EXEC:rev"),
    ["sh", "-c", ONE + "socat -t 5 - OPENSSL:{host}:7000,cafile={shared}/cert.pem,"
     "commonname=192.0.2.2"], rides(), PORT, once=True)

# --- bash
STDIO = "it writes by stdio, where no hook sees it"
BASH = "exec 3<>/dev/tcp/192.0.2.2/80; printf 'GET /hello HTTP/1.0\\r\\n\\r\\n' >&3; "
Row("bash /dev/tcp", ["bash", "nginx"], nginx, ["bash", "-c", BASH + "cat <&3 | tail -n 5"],
    opens(STDIO))
Row("bash /dev/tcp reads", ["bash", "nginx"], nginx,
    ["bash", "-c", BASH + "while read -r l <&3; do echo $l; done | grep hello; exec 3>&-"],
    opens(STDIO))
Row("bash /dev/tcp closed", ["bash"], nothing,
    ["bash", "-c", "echo x > /dev/tcp/192.0.2.2/7000; echo $?"],
    first_contact("nobody has answered there"), PORT, **CLOSED)


# --- dig

def unbound(place, port=5300, extra=""):
    conf = place.file("unbound.conf", f"""
server:
  username: ""
  chroot: ""
  directory: "{place.dir}"
  pidfile: "{place.dir}/unbound.pid"
  interface: 192.0.2.2@{port}
  interface: 2001:db8::2@{port}
  access-control: 0.0.0.0/0 allow
  access-control: ::0/0 allow
  do-daemonize: no
  use-syslog: no
  num-threads: 1
  module-config: "iterator"
  local-zone: "example." static
  local-data: "a.example. A 203.0.113.7"
  local-data: "a.example. TXT '{'x' * 200}'"
{extra}""")
    place.serve(["unbound", "-d", "-c", conf], port)


DIG = ["dig", "@{host}", "-p", 5300, "+tcp", "+time=3", "+tries=1"]
QUIET = [(r"^;.*\n?", ""), (r"^\n", "")]
Row("dig +tcp", ["bind9-dnsutils", "unbound"], unbound, DIG + ["a.example", "A"], rides(),
    5300, mask=QUIET)
Row("dig +tcp IPv6", ["bind9-dnsutils", "unbound"], unbound,
    ["dig", "@2001:db8::2", *DIG[2:], "a.example", "A"], rides(), 5300, mask=QUIET)
Row("dig +tcp +short, two names", ["bind9-dnsutils", "unbound"], unbound,
    DIG + ["+short", "a.example", "TXT", "a.example", "A"], rides(0.5), 5300)
Row("dig +tcp +keepopen", ["bind9-dnsutils", "unbound"], unbound,
    DIG + ["+keepopen", "+short", "a.example", "TXT", "a.example", "A"], rides(0.5), 5300)
Row("dig +tcp closed", ["bind9-dnsutils"], nothing, DIG + ["a.example", "A"],
    first_contact("nobody has answered there"), 5300, code=9, mask=QUIET, **CLOSED)


# --- iperf3: one connection says how to measure, two more are measured
Row("iperf3", ["iperf3"], serve_once("iperf3", "-s", "-1", "-p", PORT),
    ["iperf3", "-c", "{host}", "-p", PORT, "-n", "100K", "-P", 2], rides(0.3), PORT,
    mask=[(r"^(?!iperf Done|--- server).*\n?", "")], once=True)
