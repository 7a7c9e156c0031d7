# SPDX-License-Identifier: MIT
"""languages: each with its own client for HTTP or a server made in the same language; the
sources are in clients/."""


from row import Row, first_contact, opens, rides
from web import TEXT, nginx

CERT = [(r"(?i)^(date|etag|last-modified).*\n?", "")]
PYTHON = "/usr/bin/python3"


def served(*words, port, where="{clients}/"):
    """A server in one of the languages: words, with its source last but the port."""
    def start(place):
        place.serve([*words[:-1], where + words[-1], port], port)
    return start


def client(*words):
    return [*words[:-1], "{clients}/" + words[-1]]


# --- Python: http.client, ssl, asyncio, socketserver
PY = ["python3", "openssl"]
Row("python http.client", ["python3", "nginx"], nginx, client(PYTHON, "http_client.py"),
    rides(0.6, "each request but the POST"))
Row("python urllib https", PY + ["nginx"], nginx,
    [PYTHON, "-c", "import ssl, urllib.request as u; print(u.urlopen('https://{host}/hello', "
     "context=ssl.create_default_context(cafile='{shared}/cert.pem')).read())"],
    rides(), 443)
for kind in ("threads", "forks"):
    Row(f"python socketserver {kind}", ["python3"],
        served(PYTHON, f"server_{kind}.py", port=7100), client(PYTHON, "lines.py"),
        rides(0.5), 7100)
Row("python asyncio streams", ["python3"], served(PYTHON, "server_asyncio.py", port=7101),
    client(PYTHON, "asyncio_lines.py"), rides(0.5), 7101)
Row("python asyncio ssl", PY, served(PYTHON, "server_asyncio.py", port=7443),
    [*client(PYTHON, "asyncio_lines.py"), "{shared}/cert.pem"],
    rides(0.1, "unless ten handshakes at once make it late"), 7443)
Row("python asyncio closed ports", ["python3"],
    served(PYTHON, "server_asyncio.py", port=7101), client(PYTHON, "asyncio_closed.py"),
    rides(0.1, "those to the open port"), 7101)

Row("python requests pool", ["python3", "python3-requests", "nginx"], nginx,
    client(PYTHON, "requests_pool.py"), rides(0.5), 8082)
Row("python http.server", ["python3", "curl"],
    lambda place: (place.file("www/hello", TEXT),
                   place.serve([PYTHON, "-m", "http.server", 7102, "-d", "{dir}/www"], 7102)),
    ["curl", "-sS", "http://{host}:7102/hello"], rides(), 7102)

# --- Node: http, net, tls, fetch
for name in ("http", "fetch"):
    Row(f"node {name}", ["nodejs", "nginx"], nginx, client("node", f"{name}.js"), rides(0.5))
Row("node net", ["nodejs"], served("node", "server_net.js", port=7200),
    client("node", "net.js"), rides(0.5), 7200)
Row("node net, greeting", ["nodejs"], served("node", "server_greets.js", port=7201),
    client("node", "greeted.js"), opens("the server speaks first"), 7201)
Row("node destroy", ["nodejs"], served("node", "server_keeps.js", port=7203),
    client("node", "destroy.js"), rides(0.5), 7203)
Row("node http server", ["nodejs", "curl"], served("node", "server_http.js", port=7204),
    ["curl", "-sS", "http://{host}:7204/one", "http://{host}:7204/two"], rides(), 7204)
Row("node tls", ["nodejs", "openssl"], served("node", "server_tls.js", port=7202),
    client("node", "tls.js"), rides(0.5), 7202)


# --- Java

def java(name, *more):
    return ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-cp",
            "{shared}/classes", name, *more]


def java_server(place):
    place.serve(java("EchoSelector", 7300), 7300)


JDK = ["default-jdk-headless"]
Row("java HttpURLConnection", JDK + ["nginx"], nginx, java("UrlConnection"), rides(0.5))
Row("java HttpClient", JDK + ["nginx"], nginx, java("Client"),
    first_contact("another thread writes than the one that connects"))
Row("java HttpServer", JDK + ["curl"],
    lambda place: place.serve(java("Server", 7301), 7301),
    ["curl", "-sS", "http://{host}:7301/"], rides(), 7301)
Row("java NIO Selector", JDK, java_server, java("EchoClient", 7300), rides(0.5), 7300)
Row("java NIO Selector, slow", JDK, java_server, java("EchoClient", 7300, "slow"),
    rides(0.1, "but the last six: it sleeps between event and write"), 7300)
Row("java Socket, closed ports", JDK, java_server, java("Ports", 7300), rides(0.3), 7300)

# --- Perl, PHP, Ruby
Row("perl HTTP::Tiny", ["perl", "nginx"], nginx, client("perl", "http.pl"), rides(0.5),
    mask=CERT)
Row("perl IO::Socket", ["perl"], served("perl", "server.pl", port=7400),
    client("perl", "lines.pl"), rides(0.5), 7400)
Row("php file_get_contents", ["php-cli", "nginx"], nginx, client("php", "http.php"),
    rides(0.5))
Row("php server", ["php-cli", "curl"],
    lambda place: place.serve(["php", "-S", "{host}:7501", "{clients}/page.php"], 7501),
    ["curl", "-sS", "http://{host}:7501/"], rides(), 7501)
Row("php streams", ["php-cli"], served("php", "server.php", port=7500),
    client("php", "lines.php"), rides(0.5), 7500)
Row("ruby Net::HTTP", ["ruby", "nginx"], nginx, client("ruby", "http.rb"), rides(0.5))
Row("ruby TCPSocket", ["ruby"], served("ruby", "server.rb", port=7600),
    client("ruby", "lines.rb"), rides(0.5), 7600)
