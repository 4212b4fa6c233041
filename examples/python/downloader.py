# SPDX-License-Identifier: MIT
"""A web application that downloads in the background, once for each session: downloader.py LOOP URL."""

import sys

import flask
import loops
from werkzeug.serving import make_server

from interloop import crochet

framework = loops.select()
crochet.setup(framework)

# [twisted]
if framework == "twisted":
    from twisted.internet import reactor
    from twisted.web.client import Agent, readBody
    from twisted.web.error import Error

    @crochet.run_in_reactor
    async def download(url):
        response = await Agent(reactor).request(b"GET", url.encode())
        if response.code != 200:
            raise Error(response.code)
        return await readBody(response)
# [/twisted]

# [asyncio]
if framework in ("asyncio", "uvloop"):
    import asyncio
    from urllib.error import HTTPError
    from urllib.parse import urlsplit

    @crochet.run_in_reactor
    async def download(url):
        parts = urlsplit(url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
        try:
            writer.write(f"GET {parts.path or '/'} HTTP/1.0\r\nHost: {parts.netloc}\r\n\r\n".encode())
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        finally:
            writer.close()
        if (status := int(head.split()[1])) != 200:
            raise HTTPError(url, status, "no page", None, None)
        return body
# [/asyncio]


# [application]
def application(url):
    app = flask.Flask(__name__)
    app.secret_key = "for this example only"

    @app.get("/")
    def page():
        uid = flask.session.pop("download", None)
        try:
            result = crochet.retrieve_result(uid)
        except KeyError:  # the first visit
            result = download(url)
        try:
            return result.wait(timeout=0.1)
        except crochet.TimeoutError:
            flask.session["download"] = result.stash()
            return "It is coming. Load this page again.", 202
        except Exception:
            app.logger.error(result.original_failure())
            return "The download has failed.", 502

    return app
# [/application]


if __name__ == "__main__":
    server = make_server("127.0.0.1", 0, application(sys.argv[2]), threaded=True)
    print(f"http://127.0.0.1:{server.port}/", flush=True)
    server.serve_forever()
