# SPDX-License-Identifier: MIT
"""Lines, reversed; with TLS on port 7443."""
import asyncio
import os
import ssl
import sys


async def handle(reader, writer):
    try:
        while line := await reader.readline():
            writer.write(line.strip()[::-1] + b"\n")
            await writer.drain()
        writer.close()
    except OSError:
        pass


async def main(port):
    context = None
    if port == 7443:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        shared = os.path.dirname(os.environ["HOME"])
        context.load_cert_chain(f"{shared}/cert.pem", f"{shared}/key.pem")
    server = await asyncio.start_server(handle, "192.0.2.2", port, ssl=context)
    await server.serve_forever()


asyncio.run(main(int(sys.argv[1])))
