# SPDX-License-Identifier: MIT
"""Nine requests through a pool; the server closes after every other one."""
import requests

with requests.Session() as session:
    for number in range(9):
        got = session.get("http://192.0.2.2:8082/hello")
        print(number, got.status_code, len(got.content))
