# SPDX-License-Identifier: MIT
"""Open and closed ports, IPv6 that is not served before IPv4 that is."""
import asyncio


async def ask(host, port):
    try:
        reader, writer = await asyncio.wait_for(asyncio.open_connection(host, port), 5)
        writer.write(b"abc\n")
        answer = await reader.readline()
        writer.close()
        return answer
    except OSError as error:
        return type(error).__name__, error.errno


async def main():
    for host, port in (("192.0.2.2", 7101), ("192.0.2.2", 7102), ("2001:db8::2", 7101),
                       ("192.0.2.3", 7101), ("192.0.2.2", 7101)):
        print(host, port, await ask(host, port))
    print(await asyncio.gather(*(ask("192.0.2.2", 7101 + n % 2) for n in range(6))))


asyncio.run(main())
