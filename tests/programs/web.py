# SPDX-License-Identifier: MIT
"""web: HTTP clients and servers."""

import os
import subprocess

from row import Row, first_contact, rides

TEXT = "hello from the server\n" * 5


def nginx_words(place, body, extra=""):
    conf = place.file("nginx.conf", f"""
daemon off; master_process on; worker_processes 1; user root;
pid {place.dir}/nginx.pid; error_log stderr warn; {extra}
events {{ worker_connections 512; }}
http {{
  access_log off; server_tokens off;
  client_body_temp_path {place.dir}/t1; proxy_temp_path {place.dir}/t2;
  fastcgi_temp_path {place.dir}/t3; uwsgi_temp_path {place.dir}/t4;
  scgi_temp_path {place.dir}/t5;
  {body}
}}
""")
    return ["nginx", "-e", "stderr", "-c", conf]


def nginx(place):
    """80, 443 and 8443 (HTTP/2): a small file, a large one, and one that takes a POST; 8081
    without IPv6; 8082 closes after every other request."""
    place.file("www/hello", TEXT)
    place.file("www/large", "0123456789abcdef" * 20000)
    place.serve(nginx_words(place, f"""
  server {{
    listen 80; listen [::]:80; listen 443 ssl;
    ssl_certificate {{shared}}/cert.pem; ssl_certificate_key {{shared}}/key.pem;
    root {place.dir}/www;
    location /post {{ return 200 "posted $content_length\\n"; }}
  }}
  server {{
    listen 8443 ssl http2; listen 192.0.2.2:8081; listen 8082; keepalive_requests 2;
    ssl_certificate {{shared}}/cert.pem; ssl_certificate_key {{shared}}/key.pem;
    root {place.dir}/www;
  }}""".replace("{shared}", place.fill("{shared}"))), 80)


def lighttpd(place):
    place.file("www/hello", TEXT)
    conf = place.file("lighttpd.conf", f"""
server.document-root = "{place.dir}/www"
server.port = 80
server.errorlog = "{place.dir}/lighttpd.log"
""")
    place.serve(["lighttpd", "-D", "-f", conf], 80)


def apache(place):
    place.file("www/hello", TEXT)
    modules = "/usr/lib/apache2/modules"
    conf = place.file("apache.conf", f"""
ServerName server
ServerRoot {place.dir}
DefaultRuntimeDir {place.dir}
PidFile {place.dir}/apache.pid
ErrorLog {place.dir}/apache.log
User www-data
Group www-data
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
StartServers 1
Listen 80
DocumentRoot {place.dir}/www
""")
    place.serve(["apache2", "-DFOREGROUND", "-f", conf], 80)


def nginx_fastopen(place):
    """Its own listener has Fast Open."""
    place.file("www/hello", TEXT)
    place.serve(nginx_words(place, f"server {{ listen 80 fastopen=16; root {place.dir}/www; }}"),
                80)


def haproxy(place, tfo=""):
    conf = place.file("haproxy.cfg", f"""
global
  maxconn 200
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend in
  bind :80 {tfo}
  http-request return status 200 content-type text/plain string "hello\\n"
""")
    place.serve(["haproxy", "-db", "-f", conf], 80)


URL = "http://{host}/hello"
Row("curl http", ["curl", "nginx"], nginx, ["curl", "-sS", "-i", URL], rides(),
    mask=[(r"^(Date|Last-Modified|ETag): .*", r"\1")])
Row("curl https", ["curl", "nginx"], nginx,
    ["curl", "-sS", "--cacert", "{shared}/cert.pem", "https://{host}/hello"], rides(), 443)
Row("curl large", ["curl", "nginx"], nginx, ["curl", "-sS", "http://{host}/large"], rides())
Row("curl POST", ["curl", "nginx"], nginx,
    ["curl", "-sS", "-d", "a=b", "http://{host}/post"],
    first_contact("a POST is unsafe to repeat: it does not ride"))
Row("curl IPv6", ["curl", "nginx"], nginx, ["curl", "-sS", "http://[2001:db8::2]/hello"],
    rides())
BY_NAME = "http://name:{}/hello"
SIX_FIRST = "name:{}:[2001:db8::2],192.0.2.2"
Row("curl by name", ["curl", "nginx"], nginx,
    ["curl", "-sS", "--resolve", SIX_FIRST.format(80), BY_NAME.format(80)], rides())
Row("curl by name, IPv6 refused", ["curl", "nginx"], nginx,
    ["sh", "-c", "curl -sS http://[2001:db8::2]/hello && exec curl -sS --resolve "
     f"{SIX_FIRST.format(8081)} {BY_NAME.format(8081)}"], rides(0.5), 8081)
Row("curl http2", ["curl", "nginx"], nginx,
    ["curl", "-sS", "--cacert", "{shared}/cert.pem", "-w", "%{http_version}",
     "https://{host}:8443/hello"], rides(), 8443)
Row("curl --tcp-fastopen", ["curl", "nginx"], nginx, ["curl", "-sS", "--tcp-fastopen", URL],
    rides(why="curl asks for it itself"), by_itself=True)
Row("curl parallel", ["curl", "nginx"], nginx,
    ["curl", "-sS", "-Z", "--parallel-immediate"] + [URL] * 8, rides(0.5),
    mask=[(r"^.*[%\r].*\n?", "")])
Row("wget http", ["wget", "nginx"], nginx, ["wget", "-nv", "-O", "-", URL], rides(),
    mask=[(r"^.* URL:", "URL:")])
Row("wget https", ["wget", "nginx"], nginx,
    ["wget", "-nv", "-O", "-", "--ca-certificate={shared}/cert.pem", "https://{host}/hello"],
    rides(), 443, mask=[(r"^.* URL:", "URL:")])
Row("lighttpd", ["curl", "lighttpd"], lighttpd, ["curl", "-sS", URL], rides())
Row("apache", ["curl", "apache2-bin"], apache, ["curl", "-sS", URL], rides(), root=True)
Row("haproxy", ["curl", "haproxy"], haproxy, ["curl", "-sS", URL], rides())
Row("haproxy bind tfo", ["curl", "haproxy"], lambda place: haproxy(place, "tfo"),
    ["curl", "-sS", URL], rides())
Row("nginx listen fastopen", ["curl", "nginx"], nginx_fastopen, ["curl", "-sS", URL], rides())


def only(*patterns):
    """Of a report with times in it, the lines that must not differ."""
    keep = "|".join(patterns)
    return [(rf"^(?!.*({keep})).*\n?", "")]


Row("ab", ["apache2-utils", "nginx"], nginx,
    ["ab", "-q", "-n", "40", "-c", "4", URL], rides(0.8),
    mask=only("Complete requests", "Failed requests", "Document Length",
              "Total transferred"))
Row("ab, apache", ["apache2-utils", "apache2-bin"], apache,
    ["ab", "-q", "-n", "40", "-c", "4", URL], rides(0.8), root=True,
    mask=only("Complete requests", "Failed requests", "Document Length"))
Row("wrk", ["wrk", "nginx"], nginx,
    ["wrk", "-t", "2", "-c", "6", "-d", "1s", "-H", "Connection: close", URL],
    rides(0.5, "all but its probe at the start, which only connects"),
    mask=only("threads and", "Socket errors", "Non-2xx") + [(r"\d+ ", "N ")])


# --- git by HTTP, as a heap of files
def repository(place):
    nginx(place)
    env = dict(os.environ, GIT_AUTHOR_NAME="a", GIT_AUTHOR_EMAIL="a@b",
               GIT_AUTHOR_DATE="2020-01-01T00:00:00Z", GIT_COMMITTER_NAME="a",
               GIT_COMMITTER_EMAIL="a@b", GIT_COMMITTER_DATE="2020-01-01T00:00:00Z")
    at = place.folder("www/repo")
    place.file("www/repo/one", "one\n" * 5000)
    for words in (["init", "-q", "-b", "main", "."], ["add", "."],
                  ["commit", "-q", "-m", "x"], ["update-server-info"]):
        subprocess.run(["git", *words], cwd=at, env=env, check=True)


Row("git clone, http", ["git", "nginx"], repository,
    ["sh", "-c", "rm -rf {dir}/copy; git clone -q http://{host}/repo/.git {dir}/copy && "
     "git -C {dir}/copy rev-parse HEAD"], rides(0.5))
