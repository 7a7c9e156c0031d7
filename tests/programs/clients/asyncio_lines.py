# SPDX-License-Identifier: MIT
"""Connections one after the other and ten at once; with a certificate, by TLS."""
import asyncio
import ssl
import sys

CERT = sys.argv[1] if sys.argv[1:] else None


async def talk(number):
    context = ssl.create_default_context(cafile=CERT) if CERT else None
    reader, writer = await asyncio.open_connection(
        "192.0.2.2", 7443 if CERT else 7101, ssl=context)
    peer = writer.get_extra_info("peername")
    writer.write(f"line {number}\n".encode())
    await writer.drain()
    answer = await reader.readline()
    writer.write(b"x" * 60000 + b"\n")
    large = len(await reader.readline())
    writer.close()
    await writer.wait_closed()
    return answer, large, peer


async def main():
    for number in range(3):
        print(await talk(number))
    for answer in await asyncio.gather(*(talk(n) for n in range(10))):
        print(answer)


asyncio.run(main())
