# SPDX-License-Identifier: MIT
"""A Twisted application that runs the reactor itself, and a library that otherwise would."""

from urllib.request import urlopen

# [application]
from interloop import crochet

crochet.no_setup()  # before the import of a library that calls setup()

import blocking_library
from twisted.internet import reactor
from twisted.web.server import Site
from twisted.web.wsgi import WSGIResource


def wsgi_application(environ, start_response):
    """Runs in a thread of Twisted's pool, where it may block."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"the loop runs in {blocking_library.thread_of_the_loop()}".encode()]


site = Site(WSGIResource(reactor, reactor.getThreadPool(), wsgi_application))
port = reactor.listenTCP(0, site, interface="127.0.0.1")
# [/application]


def visit():
    """In a thread: shows the page, and ends the application."""
    with urlopen(f"http://127.0.0.1:{port.getHost().port}/") as page:
        print(page.read().decode())
    reactor.callFromThread(reactor.stop)


reactor.callInThread(visit)
# [run]
reactor.run()
# [/run]
