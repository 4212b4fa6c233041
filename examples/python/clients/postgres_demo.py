# SPDX-License-Identifier: MIT
"""Statements, a transaction, errors. Usage: postgres_demo.py asyncio|uvloop|twisted CONNINFO"""

import interloop_postgres
import on_any_loop


async def work(together, conninfo):
    db = await interloop_postgres.connect(conninfo)
    await db.query("CREATE TEMPORARY TABLE stock (what text, count int CHECK (count >= 0), picture bytea)")
    stock = [("pens", 100, b"\0"), ("ink", 3, None)]
    await together([db.query("INSERT INTO stock VALUES ($1, $2, $3)", *row) for row in stock])
    for what, count, picture in await db.query("SELECT what, count, picture FROM stock ORDER BY what"):
        print(what, int(count), picture)

    # [transaction]
    async def order(what, count):
        await db.query("UPDATE stock SET count = count + 1 WHERE what = 'pens'")
        await db.query("UPDATE stock SET count = count - $2 WHERE what = $1", what, count)

    await db.transaction(lambda: order("pens", 8))
    try:
        await db.transaction(lambda: order("ink", 4))
    except interloop_postgres.ServerError as error:
        print("refused:", str(error).partition("violates ")[2].partition(";")[0])
    # [/transaction]
    print("pens", await db.query("SELECT count FROM stock WHERE what = $1", "pens"))
    answers = await together([db.query("SELECT $1::int + 1", i) for i in range(1000)])
    print("1,000 in flight ->", sum(rows == [(str(i + 1),)] for i, rows in enumerate(answers)), "right")
    db.close()
    try:
        await db.query("SELECT 1")
    except interloop_postgres.ConnectionLost as error:
        print("closed ->", type(error).__name__)


on_any_loop.run(work)
