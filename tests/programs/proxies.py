# SPDX-License-Identifier: MIT
"""proxies: programs that are servers and clients at once. A bare curl asks them over the
client's loopback; what counts is their connection over the wire."""

import time

from place import Said
from row import Row, opens, rides
from web import nginx, nginx_words

PORT = 8080


def through(start, url=f"http://127.0.0.1:{PORT}/hello", times=4, gap=0.0):
    """The client's end: the proxy, started once, and a few requests through it."""
    def client(place):
        if not hasattr(place, "proxy"):
            place.proxy = start(place)
        said = Said(0, "", "")
        for _ in range(times):
            one = place.run(["curl", "-sS", "-m", "8", url], under=False)
            said.code = said.code or one.code
            said.out += one.out
            said.err += one.err
            time.sleep(gap)
        return said
    return client


def nginx_proxy(scheme):
    def start(place):
        return place.start("client", nginx_words(place, f"""
  server {{
    listen 127.0.0.1:{PORT};
    location / {{ proxy_pass {scheme}://192.0.2.2; proxy_http_version 1.0; }}
  }}"""), PORT)
    return start


def haproxy_proxy(mode, tfo=""):
    def start(place):
        conf = place.file("proxy.cfg", f"""
global
  maxconn 200
defaults
  mode {mode}
  timeout connect 5s
  timeout client 5s
  timeout server 5s
  option {'http-server-close' if mode == 'http' else 'tcplog'}
listen in
  bind 127.0.0.1:{PORT}
  server one 192.0.2.2:80 {tfo}
""")
        return place.start("client", ["haproxy", "-db", "-f", conf], PORT)
    return start


def haproxy_checks(place):
    """Health checks: connect and close, for ever; and one server that is not there."""
    conf = place.file("proxy.cfg", f"""
global
  maxconn 200
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
listen in
  bind 127.0.0.1:{PORT}
  http-request return status 200 content-type text/plain lf-string "%[nbsrv]\\n"
  server one 192.0.2.2:80 check inter 50ms
  server two 192.0.2.2:81 check inter 50ms
""")
    process = place.start("client", ["haproxy", "-db", "-f", conf], PORT)
    time.sleep(0.8)
    return process


def lighttpd_proxy(place):
    conf = place.file("proxy.conf", f"""
server.modules = ( "mod_proxy" )
server.document-root = "{place.dir}"
server.bind = "127.0.0.1"
server.port = {PORT}
server.errorlog = "{place.dir}/proxy.log"
proxy.server = ( "" => (( "host" => "192.0.2.2", "port" => 80 )) )
""")
    return place.start("client", ["lighttpd", "-D", "-f", conf], PORT)


def socat_relay(place):
    return place.start("client", ["socat", f"TCP-LISTEN:{PORT},reuseaddr,fork",
                                  "TCP:192.0.2.2:80"], PORT)


def node_proxy(place):
    return place.start("client", ["node", place.fill("{clients}/proxy.js"), PORT], PORT)


RELAY = "when the request is there by the time the relay has connected"
Row("nginx → http upstream", ["nginx", "curl"], nginx, through(nginx_proxy("http")),
    rides(0.5))
Row("nginx → https upstream", ["nginx", "curl"], nginx, through(nginx_proxy("https")),
    rides(0.5), 443)
Row("haproxy → http server", ["haproxy", "nginx", "curl"], nginx,
    through(haproxy_proxy("http")), rides(0.5))
Row("haproxy → server tfo", ["haproxy", "nginx", "curl"], nginx,
    through(haproxy_proxy("http", "tfo")), rides(0.5, "haproxy asks for it itself"),
    by_itself=True)
Row("haproxy → tcp server", ["haproxy", "nginx", "curl"], nginx,
    through(haproxy_proxy("tcp")), rides(0.2, RELAY))
Row("haproxy health checks", ["haproxy", "nginx", "curl"], nginx,
    through(haproxy_checks, times=1, gap=0.3),
    opens("a check only connects: it is told the truth"))
Row("lighttpd → http server", ["lighttpd", "nginx", "curl"], nginx,
    through(lighttpd_proxy), rides(0.5))
Row("socat relay", ["socat", "nginx", "curl"], nginx, through(socat_relay), rides(0.2, RELAY))
Row("node proxy", ["nodejs", "nginx", "curl"], nginx, through(node_proxy), rides(0.5))
