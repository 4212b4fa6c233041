# SPDX-License-Identifier: MIT
"""A logger per object, and the values that a format can refer to."""

import sys
from dataclasses import dataclass

import loops

from interloop import txaio

loops.select()


# [fields]
@dataclass
class Shape:
    sides: int


class Drawing:
    def __init__(self, name):
        self.log = txaio.make_logger()  # an instance attribute: its level can be set separately
        self.name = name

    def draw(self, shape, colours):
        self.log.info("{name}: {shape.sides} sides in {colours[line]}", name=self.name, shape=shape, colours=colours)
        self.log.debug("not at this level: {nothing}", nothing=None)
# [/fields]


txaio.start_logging(out=sys.stdout, level="info")
drawing = Drawing("hexagon")
drawing.draw(Shape(6), {"line": "green"})
assert isinstance(drawing.log, txaio.ILogger)
