# SPDX-License-Identifier: MIT
"""Several requests, each on a connection of its own; one of them a POST."""
import http.client

for method, path, body in (("GET", "/hello", None), ("HEAD", "/hello", None),
                           ("GET", "/large", None), ("GET", "/none", None),
                           ("POST", "/post", b"a=b")):
    conn = http.client.HTTPConnection("192.0.2.2", timeout=5)
    conn.request(method, path, body)
    answer = conn.getresponse()
    print(method, path, answer.status, len(answer.read()),
          conn.sock and conn.sock.getpeername())
    conn.close()
