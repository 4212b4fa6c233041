# SPDX-License-Identifier: MIT
"""A DNS server on loopback that knows one name. Prints its port; ends with its standard input."""

import sys
import threading

from twisted.internet import defer, reactor
from twisted.names import dns, error, server

KNOWN = {b"known.example": "192.0.2.17"}


class Table:
    def query(self, query, timeout=None):
        name = query.name.name
        if query.type == dns.A and name in KNOWN:
            record = dns.RRHeader(name, dns.A, dns.IN, 60, dns.Record_A(KNOWN[name], 60))
            return defer.succeed(([record], [], []))
        return defer.fail(error.DomainError(name))


def until_the_end_of_input():
    sys.stdin.read()
    reactor.callFromThread(reactor.stop)


port = reactor.listenUDP(0, dns.DNSDatagramProtocol(server.DNSServerFactory(clients=[Table()])), interface="127.0.0.1")
print(port.getHost().port, flush=True)
threading.Thread(target=until_the_end_of_input, daemon=True).start()
reactor.run()
