"""Opcode by opcode: what each instruction of a pickle does to the machine. Those that push a literal are elsewhere.

Opcodes are those of protocols 0 to 5; ``pickletools`` describes each.
"""

from collections.abc import Callable
from typing import Any

from allaprima.errors import ModelFileError
from allaprima.interchange.containers import checked_key
from allaprima.interchange.literals import LITERALS
from allaprima.interchange.machine import Machine, Persistent
from allaprima.interchange.rebuilder import Rebuilder
from allaprima.interchange.stream import Stream


def run(stream: Stream, rebuilder: Rebuilder, persistent: Persistent | None = None) -> Any:
    """Run the pickle that begins where the stream is, to its end; give the value that it leaves."""
    machine = Machine(stream, rebuilder, persistent)
    budget, limits = rebuilder.budget, rebuilder.budget.limits
    while (code := stream.read(1)) != b".":
        budget.work()
        if literal := LITERALS.get(code):
            machine.stack.append(literal(stream, limits))  # not bound before: a mark replaces the stack
        elif instruction := INSTRUCTIONS.get(code):
            instruction(machine)
        else:
            raise ModelFileError(f"is no pickle, or a damaged one: byte {stream.position - 1:,} is no instruction")
    return machine.pop()


INSTRUCTIONS: dict[bytes, Callable[[Machine], object]] = {
    # The stack, and values kept to be had again
    b"(": Machine.mark,
    b"0": Machine.discard,
    b"1": Machine.pop_to_mark,
    b"2": Machine.double,
    b"p": lambda m: m.put(m.number()),
    b"q": lambda m: m.put(m.stream.unsigned(1)),
    b"r": lambda m: m.put(m.stream.unsigned(4)),
    b"\x94": lambda m: m.put(len(m.memo)),
    b"g": lambda m: m.get(m.number()),
    b"h": lambda m: m.get(m.stream.unsigned(1)),
    b"j": lambda m: m.get(m.stream.unsigned(4)),
    # Containers
    b"t": lambda m: m.push(tuple(m.pop_to_mark())),
    b"\x85": lambda m: m.push(tuple(m.pop_several(1))),
    b"\x86": lambda m: m.push(tuple(m.pop_several(2))),
    b"\x87": lambda m: m.push(tuple(m.pop_several(3))),
    b"l": lambda m: m.push(m.pop_to_mark()),
    b"a": lambda m: m.append(m.pop_several(1)),
    b"e": lambda m: m.append(m.pop_to_mark()),
    b"d": Machine.make_dict,
    b"s": lambda m: m.set_items(m.pop_several(2)),
    b"u": lambda m: m.set_items(m.pop_to_mark()),
    b"\x90": lambda m: m.add(m.pop_to_mark()),
    b"\x91": lambda m: m.push(frozenset(map(checked_key, m.pop_to_mark()))),
    # Names, and what is asked of them
    b"c": lambda m: m.push(m.named(m.name(), m.name())),
    b"\x93": lambda m: m.push(m.named(*m.pop_several(2))),
    b"R": lambda m: m.call(*m.pop_several(2)),
    b"\x81": lambda m: m.call(*m.pop_several(2)),
    b"\x92": lambda m: m.call(*m.pop_several(3)),
    b"o": Machine.make_instance,
    b"i": lambda m: m.call(m.named(m.name(), m.name()), tuple(m.pop_to_mark())),
    b"b": Machine.build,
    b"P": lambda m: m.refer(m.name()),
    b"Q": lambda m: m.refer(m.pop()),
    # About the file
    b"\x80": Machine.begin,
    b"\x95": lambda m: m.stream.unsigned(8),  # length of a frame: a help for reading ahead
    b"\x82": Machine.refuse_extension,
    b"\x83": Machine.refuse_extension,
    b"\x84": Machine.refuse_extension,
    b"\x97": Machine.refuse_buffer,
    b"\x98": Machine.refuse_buffer,
}
