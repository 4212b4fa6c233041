# SPDX-License-Identifier: MIT
"""Sends requests, several at once. Usage: http_demo.py asyncio|uvloop|twisted URL"""

import interloop_http
import on_any_loop


async def work(together, url):
    client = interloop_http.Client()
    page = await client.get(url + "/page")
    print("GET ->", page.status, page.body.decode(), dict(page.headers)["Content-Type"])
    print("missing ->", (await client.get(url + "/missing")).status)
    # [requests]
    echo = await client.send("POST", url + "/echo", b"some text", [("Content-Type", "text/plain")])
    print("POST ->", echo.body.decode())
    stream = await client.open(url + "/lines")
    print("a stream ->", sum([piece.count(b"\n") async for piece in stream]), "lines")
    # [/requests]
    answers = await together([client.get(url + "/page") for _ in range(300)])
    print("300 at once ->", sum(each.body == b"a page" for each in answers), "right")
    try:
        await client.get("http://127.0.0.1:1/")
    except interloop_http.HttpError as error:
        print("nobody listens ->", type(error).__name__)
    hasty = interloop_http.Client(timeout=0.05)
    try:
        await hasty.get(url + "/never")
    except TimeoutError as error:
        print("no answer ->", type(error).__name__)
    client.close()


on_any_loop.run(work)
