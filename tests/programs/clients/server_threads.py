# SPDX-License-Identifier: MIT
import socketserver
import server_lines

server_lines.serve(socketserver.ThreadingMixIn)
