# SPDX-License-Identifier: MIT
from contextlib import AbstractContextManager
from typing import TypeVar

_Loop = TypeVar("_Loop")

def replace_loop(new_loop: _Loop) -> AbstractContextManager[_Loop]: ...
