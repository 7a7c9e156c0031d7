# SPDX-License-Identifier: MIT
"""web: HTTP clients and servers."""

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
    """Port 80 and 443: a small file, a large one, and one that takes a POST."""
    place.file("www/hello", TEXT)
    place.file("www/large", "0123456789abcdef" * 20000)
    place.serve(nginx_words(place, f"""
  server {{
    listen 80; listen [::]:80; listen 443 ssl;
    ssl_certificate {{shared}}/cert.pem; ssl_certificate_key {{shared}}/key.pem;
    root {place.dir}/www;
    location /post {{ return 200 "posted $content_length\\n"; }}
  }}""".replace("{shared}", place.fill("{shared}"))), 80)


def lighttpd(place):
    place.file("www/hello", TEXT)
    conf = place.file("lighttpd.conf", f"""
server.document-root = "{place.dir}/www"
server.port = 80
server.errorlog = "{place.dir}/lighttpd.log"
""")
    place.serve(["lighttpd", "-D", "-f", conf], 80)


def haproxy(place):
    conf = place.file("haproxy.cfg", """
global
  maxconn 200
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend in
  bind :80
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
Row("curl parallel", ["curl", "nginx"], nginx,
    ["curl", "-sS", "-Z", "--parallel-immediate"] + [URL] * 8, rides(0.5),
    mask=[(r"^.*[%\r].*\n?", "")])
Row("wget http", ["wget", "nginx"], nginx, ["wget", "-nv", "-O", "-", URL], rides(),
    mask=[(r"^.* URL:", "URL:")])
Row("wget https", ["wget", "nginx"], nginx,
    ["wget", "-nv", "-O", "-", "--ca-certificate={shared}/cert.pem", "https://{host}/hello"],
    rides(), 443, mask=[(r"^.* URL:", "URL:")])
Row("lighttpd", ["curl", "lighttpd"], lighttpd, ["curl", "-sS", URL], rides())
Row("haproxy", ["curl", "haproxy"], haproxy, ["curl", "-sS", URL], rides())


def only(*patterns):
    """Of a report with times in it, the lines that must not differ."""
    keep = "|".join(patterns)
    return [(rf"^(?!.*({keep})).*\n?", "")]


Row("ab", ["apache2-utils", "nginx"], nginx,
    ["ab", "-q", "-n", "40", "-c", "4", URL], rides(0.8),
    mask=only("Complete requests", "Failed requests", "Document Length",
              "Total transferred"))
Row("wrk", ["wrk", "nginx"], nginx,
    ["wrk", "-t", "2", "-c", "6", "-d", "1s", "-H", "Connection: close", URL],
    rides(0.5, "all but its probe at the start, which only connects"),
    mask=only("threads and", "Socket errors", "Non-2xx") + [(r"\d+ ", "N ")])
