# SPDX-License-Identifier: MIT
"""What the servers of socketserver have in common: a line in, the line reversed out."""
import socketserver
import sys


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(line.strip()[::-1] + b"\n")


def serve(mixin):
    class Server(mixin, socketserver.TCPServer):
        allow_reuse_address = True
        daemon_threads = True

    Server(("192.0.2.2", int(sys.argv[1])), Handler).serve_forever()
