# SPDX-License-Identifier: MIT
"""A SOCKS5 proxy without authentication, for torsocks and proxychains."""
import socket
import socketserver
import struct
import sys
import threading


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        _version, count = self.rfile.read(2)
        self.rfile.read(count)
        self.wfile.write(b"\5\0")
        _, _, _, kind = self.rfile.read(4)
        host = (socket.inet_ntoa(self.rfile.read(4)) if kind == 1 else
                self.rfile.read(self.rfile.read(1)[0]).decode())
        (port,) = struct.unpack("!H", self.rfile.read(2))
        with socket.create_connection((host, port), 5) as far:
            self.wfile.write(b"\5\0\0\1" + bytes(6))
            back = threading.Thread(target=self.copy, args=(far, self.connection))
            back.start()
            while data := self.rfile.read1(65536):
                far.sendall(data)
            far.shutdown(socket.SHUT_WR)
            back.join()

    @staticmethod
    def copy(source, to):
        while data := source.recv(65536):
            to.sendall(data)
        to.shutdown(socket.SHUT_WR)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


Server(("192.0.2.2", int(sys.argv[1])), Handler).serve_forever()
