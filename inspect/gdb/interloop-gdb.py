# SPDX-License-Identifier: MIT
"""For gdb: printers of interloop's types, and the commands `interloop ps` and `interloop bt`.

gdb loads it by itself where it is installed, beside libinterloop.so's place in share/gdb/auto-load; for programs with
the static library: `source .../interloop-gdb.py`. It calls nothing in the program, so it works on cores too. The commands
need no debug information: they use the table `interloop_debug_layout_v1`, the printers do.
"""

import struct
from typing import Any, Iterator

import gdb
import gdb.printing

NOWHERE = 0xFFFFFFFF
MOST = 1_000_000
VERSION = 1
# core/look/include/interloop/detail/layout.hpp has the same in the same order.
FIELDS = (
    "copy_inboxes inbox_next inbox_port inbox_queue inbox_turning inbox_running port_loop loop_name loop_name_length "
    "loop_pending loop_ready loop_incoming loop_timers loop_holds loop_parts loop_inbox pending_operations pending_next "
    "pending_link operations_look operations_queued mark_time timers_slabs timers_per_slab timers_floor timer_bytes "
    "timer_deadline timer_sequence timer_code watch_fd watch_interest watch_code queue_head queue_tail queue_head_block "
    "queue_tail_block block_next block_end block_data timer_place timer_number timers_places watch_place loop_first_hold "
    "hold_next hold_link hold_place queued_code queued_bytes queued_place queued_object"
).split()
KINDS = ("future", "coroutine", "several", "wait", "generator", "line", "mark")


class Memory:
    """The program's memory. What cannot be read is zero."""

    def bytes(self, address: int, count: int) -> bytes:
        try:
            return bytes(gdb.selected_inferior().read_memory(address, count))
        except (gdb.error, OverflowError):
            return bytes(count)

    def pointer(self, address: int) -> int:
        return struct.unpack("<Q", self.bytes(address, 8))[0] if address else 0

    def number(self, address: int, form: str = "<q") -> int:
        return struct.unpack(form, self.bytes(address, struct.calcsize(form)))[0] if address else 0

    def vector(self, address: int) -> "list[int]":
        """The elements, of 8 bytes each."""
        first, last = self.pointer(address), self.pointer(address + 8)
        count = (last - first) // 8 if first <= last <= first + 8 * MOST else 0
        return list(struct.unpack(f"<{count}Q", self.bytes(first, 8 * count)))

    def text(self, address: int) -> str:
        found = b""
        while address and len(found) < 1000:
            piece = self.bytes(address + len(found), 32)
            found += piece.split(b"\0")[0]
            if b"\0" in piece:
                break
        return found.decode(errors="replace")


memory = Memory()


def place(address: int) -> str:
    """A std::source_location as "file:line", with the function."""
    written = memory.pointer(address)
    if not written:
        return "an unknown place"
    line = struct.unpack("<I", memory.bytes(written + 16, 4))[0]
    return f"{memory.text(memory.pointer(written)).rsplit('/', 1)[-1]}:{line}"


def function(address: int) -> str:
    written = memory.pointer(address)
    name = memory.text(memory.pointer(written + 8)) if written else "?"
    return name.split("(")[0].split(" ")[-1] if "(" in name and "<lambda" not in name else name


def made(address: int) -> str:
    return f" made at {place(address)}" if memory.pointer(address) else ""


def callable_at(code: int) -> str:
    """The type of what this code calls, by the symbol."""
    symbol = gdb.execute(f"info symbol {code:#x}", to_string=True).split(" in section")[0]
    for caller in ("task_queue::record<", "timer_queue::code_of<", "::call_inline<", "::call_boxed<"):
        _, found, rest = symbol.partition(caller)
        depth = 1
        for at, each in enumerate(rest if found else ""):
            depth += (each in "<({[") - (each in ">)}]")
            if depth == 0:
                return rest[:at].strip()
    return f"code at {code:#x}"


class Kind:
    """A `look`: what a reader sees of one kind of object."""

    def __init__(self, address: int) -> None:
        name, what, created, completed, _, start, edges, first = struct.unpack("<Q6IQ", memory.bytes(address, 40))
        self.name = memory.text(name)
        self.what = KINDS[what] if what < len(KINDS) else "?"
        self.created, self.completed, self.start = created, completed, start
        self.edges = [
            struct.unpack("<10IQ", memory.bytes(first + i * 48, 48)) for i in range(edges if edges <= 16 else 0)
        ]


class Layout:
    """The table, and what it leads to."""

    def __init__(self, address: int) -> None:
        magic, version, size, self.copy, parts = struct.unpack("<16sIIQQ", memory.bytes(address, 40))
        if not magic.startswith(b"interloop-look\0"):
            raise gdb.GdbError("the program's memory has no interloop in it yet, or is damaged: start it first")
        if version != VERSION:
            raise gdb.GdbError(f"this script reads version {VERSION} of interloop's tables, and the program has version "
                               f"{version}: load the script that was installed with its library")
        self.turns, self.watch_list = struct.unpack("<II", memory.bytes(parts, 8))
        values = struct.unpack(f"<{len(FIELDS)}I", memory.bytes(address + 40, 4 * len(FIELDS)))
        self.at = dict(zip(FIELDS, values))

    def loops(self) -> Iterator[int]:
        inbox = memory.pointer(self.copy + self.at["copy_inboxes"])
        for _ in range(MOST):
            if not inbox:
                return
            port = memory.pointer(inbox + self.at["inbox_port"])
            loop = memory.pointer(port + self.at["port_loop"]) if port else 0
            if loop and memory.pointer(loop + self.at["loop_inbox"]) == inbox:
                yield loop
            inbox = memory.pointer(inbox + self.at["inbox_next"])

    def name(self, loop: int) -> str:
        length = memory.pointer(loop + self.at["loop_name_length"])
        return memory.text(memory.pointer(loop + self.at["loop_name"]))[: min(length, 100)]

    def kind(self, pending: int) -> "Kind | None":
        operations = memory.pointer(pending + self.at["pending_operations"])
        look = memory.pointer(operations + self.at["operations_look"]) if operations else 0
        return Kind(look) if look else None

    def pending(self, loop: int) -> Iterator[int]:
        at = memory.pointer(loop + self.at["loop_pending"])
        for _ in range(MOST):
            if not at:
                return
            yield at
            at = memory.pointer(at + self.at["pending_next"])

    def timers(self, loop: int) -> Iterator[str]:
        timers = loop + self.at["loop_timers"]
        now = memory.number(timers + self.at["timers_floor"])
        places = memory.pointer(timers + self.at["timers_places"])
        for slab in memory.vector(timers + self.at["timers_slabs"]):
            for i in range(self.at["timers_per_slab"]):
                timer = slab + i * self.at["timer_bytes"]
                sequence = memory.pointer(timer + self.at["timer_sequence"])
                if not sequence:
                    continue
                number = sequence & self.at["timer_number"]
                where = timer + self.at["timer_place"]
                if number:
                    where = places + 8 * (number - 1) if number < self.at["timer_number"] else 0
                due = (memory.number(timer + self.at["timer_deadline"]) - now) / 1e9
                name = callable_at(memory.pointer(timer + self.at["timer_code"]))
                yield f"timer due {due:.3f} s after the loop last looked: {name}{made(where)}"

    def watches(self, loop: int) -> Iterator[str]:
        for watch in memory.vector(memory.pointer(loop + self.at["loop_parts"]) + self.watch_list):
            if not watch:
                continue
            name = callable_at(memory.pointer(memory.pointer(watch + self.at["watch_code"])))
            interest = memory.number(watch + self.at["watch_interest"], "<B") & 3
            what = ("nothing", "reading", "writing", "reading and writing")[interest]
            descriptor = memory.number(watch + self.at["watch_fd"], "<i")
            yield f"watch of descriptor {descriptor} for {what}: {name}{made(watch + self.at['watch_place'])}"

    def holds(self, loop: int) -> Iterator[str]:
        hold = memory.pointer(loop + self.at["loop_first_hold"])
        for _ in range(MOST):
            if not hold:
                return
            yield f"hold{made(hold + self.at['hold_place'])}"
            hold = memory.pointer(hold + self.at["hold_next"])

    def queued(self, loop: int) -> Iterator[str]:
        inbox = memory.pointer(loop + self.at["loop_inbox"])
        for queue in (loop + self.at["loop_ready"], loop + self.at["loop_incoming"], inbox + self.at["inbox_queue"]):
            at, tail = memory.pointer(queue + self.at["queue_head"]), memory.pointer(queue + self.at["queue_tail"])
            block = memory.pointer(queue + self.at["queue_head_block"])
            last = memory.pointer(queue + self.at["queue_tail_block"])
            for _ in range(MOST):
                if at == tail:
                    break
                if block != last and at == memory.pointer(block + self.at["block_end"]):
                    block = memory.pointer(block + self.at["block_next"])
                    at = block + self.at["block_data"]
                    continue
                kind = memory.pointer(at)
                size = memory.number(kind + self.at["queued_bytes"], "<I")
                if not size:
                    break
                yield f"queued: {self.queued_text(at, kind)}"
                at += size

    def queued_text(self, record: int, kind: int) -> str:
        where = memory.number(kind + self.at["queued_place"], "<I")
        if where != NOWHERE:
            return callable_at(memory.pointer(kind + self.at["queued_code"])) + made(record + where)
        target = memory.pointer(record + self.at["queued_object"])
        operations = memory.pointer(target + self.at["pending_operations"])
        if memory.pointer(operations + self.at["operations_queued"]) != kind:
            return "a coroutine"
        seen = self.kind(target)
        if not seen:
            return "?"
        name = "callbacks of a future" if seen.what in ("future", "coroutine", "several") else seen.name
        return name + made(target + seen.created)

    def turning(self, loop: int) -> bool:
        return memory.pointer(memory.pointer(loop + self.at["loop_inbox"]) + self.at["inbox_turning"]) != 0

    def waits(self, address: int, kind: Kind) -> "tuple[str, list[tuple[int, Kind]]]":
        """Where it is suspended, and what it waits for."""
        where = ""
        found: list[tuple[int, Kind]] = []
        if kind.completed != NOWHERE and memory.bytes(address + kind.completed, 1) != b"\0":
            return where, found
        if kind.what == "coroutine" and not memory.pointer(address + kind.created):
            return where, found  # its frame is being made
        for shape, steps, first, second, at, count, stride, element, spot, _, seen_as in kind.edges:
            base = address + kind.start
            for offset in (first, second)[:steps]:
                base = memory.pointer(base + offset) if base else 0
            if not base:
                continue
            if spot != NOWHERE:
                where = place(base + spot)
            begin = base + at
            if shape == 0:
                count, stride, element = 1, 8, 0
            elif shape == 2:
                begin, end = memory.pointer(base + at), memory.pointer(base + at + 8)
                count = (end - begin) // stride if stride and end > begin else 0
            for i in range(min(count, 1000)):
                to = memory.pointer(begin + i * stride + element)
                seen = (Kind(seen_as) if seen_as else self.kind(to)) if to else None
                if seen:
                    found.append((to, seen))
        return where, found

    def line(self, address: int, kind: Kind) -> str:
        if kind.what in ("coroutine", "generator"):
            name = "coroutine" if kind.what == "coroutine" else "async_generator"
            text = f"{name} {function(address + kind.created)} ({place(address + kind.created)})"
        elif kind.what == "wait":
            text = f"{kind.name} at {place(address + kind.created)}"
        else:
            text = kind.name
            if memory.pointer(address + kind.created):
                text += f" made at {place(address + kind.created)}"
        where, found = self.waits(address, kind)
        if where:
            text += f", awaits at {where}"
        elif kind.what == "coroutine" and not found:
            text += ", not suspended in a co_await"
        return text


def layouts() -> "list[Layout]":
    """Those of all copies of the library."""
    found = []
    for text in ("&interloop_debug_layout_v1", "&'interloop_debug_layout_v1'"):
        try:
            found.append(Layout(int(gdb.parse_and_eval(f"(unsigned long){text}"))))
            break
        except gdb.GdbError:
            raise
        except gdb.error:
            continue
    if not found:
        raise gdb.GdbError("no symbol interloop_debug_layout_v1: the program has no interloop, or is stripped and static; "
                           "interloop-ps reads it nevertheless")
    return found


class Interloop(gdb.Command):
    """What interloop's loops wait for: `interloop ps`, `interloop bt`."""

    def __init__(self) -> None:
        super().__init__("interloop", gdb.COMMAND_STATUS, prefix=True)


class Ps(gdb.Command):
    """All loops, and what is pending on each: interloop ps."""

    def __init__(self) -> None:
        super().__init__("interloop ps", gdb.COMMAND_STATUS)

    def invoke(self, argument: str, from_tty: bool) -> None:
        for layout in layouts():
            for loop in layout.loops():
                turn = "in a turn" if layout.turning(loop) else "between turns"
                print(f"loop {layout.name(loop)} at {loop:#x}, {turn}")
                for each in layout.pending(loop):
                    kind = layout.kind(each)
                    if kind and kind.what not in ("line", "mark"):
                        print(f"  {layout.line(each, kind)}")
                for list_of in (layout.timers, layout.watches, layout.holds, layout.queued):
                    for line in list_of(loop):
                        print(f"  {line}")


class Bt(gdb.Command):
    """The asynchronous stack, innermost first: interloop bt [FUTURE]

    Of the coroutine that runs, if a loop is in a turn in one; otherwise of every coroutine that nothing waits for. With
    FUTURE (an expression, or the address of a state), of that."""

    def __init__(self) -> None:
        super().__init__("interloop bt", gdb.COMMAND_STACK)

    def invoke(self, argument: str, from_tty: bool) -> None:
        for layout in layouts():
            if argument:
                self.show(layout, self.stack(layout, address_of(argument)))
                continue
            for loop in layout.loops():
                coroutines = []
                awaited = set()
                for each in layout.pending(loop):
                    kind = layout.kind(each)
                    if not kind:
                        continue
                    awaited.update(to for to, _ in layout.waits(each, kind)[1])
                    if kind.what == "coroutine":
                        coroutines.append(each)
                # Rings have no beginning: each of their coroutines is one.
                stacks = [self.stack(layout, each) for each in coroutines if each not in awaited] or [
                    self.stack(layout, each) for each in coroutines
                ]
                running = [stack for stack in stacks if stack[-1][1].endswith("not suspended in a co_await")]
                for stack in running if running and layout.turning(loop) else stacks:
                    self.show(layout, stack)

    def stack(self, layout: Layout, address: int) -> "list[tuple[int, str]]":
        """What waits for what, outermost first."""
        kind = layout.kind(address)
        if not kind:
            raise gdb.GdbError(f"there is no pending future at {address:#x}")
        found: list[tuple[int, str]] = []
        while kind:
            line = layout.line(address, kind)
            if any(address == before for before, _ in found):
                found.append((address, f"{line}: a ring, it waits for itself"))
                break
            to = layout.waits(address, kind)[1]
            if len(to) > 1:
                line += f"; waits for {len(to)}, of which this shows the first"
            found.append((address, line))
            if not to or len(found) > 100_000:
                break
            address, kind = to[0]
        return found

    def show(self, layout: Layout, stack: "list[tuple[int, str]]") -> None:
        for number, (_, line) in enumerate(reversed(stack)):
            print(f"#{number}  {line}")


def address_of(text: str) -> int:
    value = gdb.parse_and_eval(text)
    if "future<" in str(value.type.strip_typedefs()) and value.type.strip_typedefs().code == gdb.TYPE_CODE_STRUCT:
        return int(value["state_"]["state_"].cast(gdb.lookup_type("unsigned long")))
    return int(value.cast(gdb.lookup_type("unsigned long")))


class FuturePrinter:
    """future<T>: its state, its value or what it waits for."""

    def __init__(self, value: gdb.Value) -> None:
        self.value = value

    def to_string(self) -> str:
        state = self.value["state_"]["state_"]
        if not int(state):
            return "empty future"
        word = int(state["word_"]["bits_"])
        status = str(gdb.Value(word >> 8 & 0xFF).cast(gdb.lookup_type("interloop::detail::status"))).rsplit("::", 1)[-1]
        made = place(int(state["created_"].address))
        return f"{status} future, made at {made}"


class FailurePrinter:
    """failure: the type of its exception."""

    def __init__(self, value: gdb.Value) -> None:
        self.value = value

    def to_string(self) -> str:
        record = int(self.value["record_"].cast(gdb.lookup_type("unsigned long")))
        if not record:
            return "failure"
        # failure.cpp: after two words' worth of counts come the place and the exception's address.
        thrown = memory.pointer(record + 16)
        # The C++ ABI: 112 bytes of header in front of the exception begin with its std::type_info.
        symbol = gdb.execute(f"info symbol {memory.pointer(thrown - 112):#x}", to_string=True)
        name = symbol.split(" in section")[0].removeprefix("typeinfo for ").split("@")[0].strip()
        return f"failure: {name}, {place(record + 8)}"


class TimerPrinter:
    """timer: whether it is still to come, and when."""

    def __init__(self, value: gdb.Value) -> None:
        self.value = value

    def to_string(self) -> str:
        if not int(self.value["core_"]):
            return "empty timer"
        node = self.value["node_"].dereference()
        if int(node["sequence"]) != int(self.value["sequence_"]):
            return "timer that has fired or was cancelled"
        return f"timer at {int(node['deadline']) / 1e9:.3f} s on the loop's clock"


class FunctionPrinter:
    """function<...>: what it calls."""

    def __init__(self, value: gdb.Value) -> None:
        self.value = value

    def to_string(self) -> str:
        if not int(self.value["vtable_"]):
            return "empty function"
        symbol = gdb.execute(f"info symbol {int(self.value['vtable_']):#x}", to_string=True).split(" in section")[0]
        return "function that calls " + symbol.partition("_vtable<")[2].strip().removesuffix(">")


def printers() -> Any:
    found = gdb.printing.RegexpCollectionPrettyPrinter("interloop")
    found.add_printer("future", r"^interloop::future<.*>$", FuturePrinter)
    found.add_printer("failure", r"^interloop::failure$", FailurePrinter)
    found.add_printer("timer", r"^interloop::timer$", TimerPrinter)
    found.add_printer("function", r"^interloop::function<.*>$", FunctionPrinter)
    return found


gdb.printing.register_pretty_printer(gdb.current_objfile(), printers(), replace=True)
Interloop()
Ps()
Bt()
