# SPDX-License-Identifier: MIT
"""Blocking look-ups of names with Twisted's resolver: blocking_dns.py [--server HOST:PORT] NAME..."""

import argparse

from twisted.names import client

from interloop import crochet

# [setup]
crochet.setup()  # a reactor in a thread; may be called again
# [/setup]


# [lookup]
@crochet.wait_for(timeout=5)
def address_of(name):
    """The first address. Runs in the reactor's thread and returns a Deferred; callers get the Deferred's result."""

    def first(answer):
        records, _, _ = answer
        return records[0].payload.dottedQuad()

    return resolver.lookupAddress(name).addCallback(first)
# [/lookup]


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", help="HOST:PORT; the system's, unless given")
    parser.add_argument("names", nargs="+")
    return parser.parse_args()


# [main]
if __name__ == "__main__":
    given = arguments()
    resolver = client
    if given.server:
        host, port = given.server.split(":")
        resolver = client.Resolver(servers=[(host, int(port))])
    for name in given.names:
        print(f"{name} -> {address_of(name)}")
# [/main]
