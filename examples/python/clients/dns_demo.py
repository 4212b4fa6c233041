# SPDX-License-Identifier: MIT
"""Looks names up, several at once. Usage: dns_demo.py asyncio|uvloop|twisted SERVERS"""

import interloop_dns
import on_any_loop


async def work(together, servers):
    resolver = interloop_dns.Resolver(servers)
    # [lookups]
    names = ["www.example", "mail.example"]
    for name, addresses in zip(names, await together([resolver.a(name) for name in names])):
        print(name, "->", *addresses)
    for priority, host in await resolver.mx("example"):
        print("mail of example ->", host, "priority", priority)
    # [/lookups]
    print("to connect to ->", *await resolver.addresses("mail.example", 25))
    print("text of example ->", *await resolver.txt("example"))
    try:
        await resolver.a("nowhere.example")
    except interloop_dns.LookupFailed as error:
        print(error)
    answers = await together([resolver.a("www.example") for _ in range(1000)])
    print("1,000 at once ->", sum(each == ["192.0.2.1"] for each in answers), "right")


on_any_loop.run(work)
