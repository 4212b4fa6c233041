# SPDX-License-Identifier: MIT
"""Implements ``interloop.install()``: a finder, ahead of all others, for the two names."""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from types import ModuleType

_NAMES = ("txaio", "crochet")


def _ours(fullname: str) -> str:
    return "interloop." + fullname


class _Loader(importlib.abc.Loader):
    """Returns a module of interloop under a second name. It is the same module under both names."""

    def __init__(self) -> None:
        self._spec: importlib.machinery.ModuleSpec | None = None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        module = importlib.import_module(_ours(spec.name))
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec  # it keeps its first name, and has been executed already


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, fullname, path=None, target=None):
        if fullname.partition(".")[0] not in _NAMES:
            return None
        found = importlib.util.find_spec(_ours(fullname))
        if found is None:
            return None
        is_package = found.submodule_search_locations is not None
        return importlib.machinery.ModuleSpec(fullname, _Loader(), origin=found.origin, is_package=is_package)


_finder = _Finder()


def install() -> None:
    if _finder in sys.meta_path:
        return
    for name in _NAMES:
        for loaded in (name, *(each for each in sys.modules if each.startswith(name + "."))):
            if sys.modules.get(loaded) is not None:
                raise RuntimeError(
                    f"interloop.install(): the original {name!r} was already imported "
                    f"(module {loaded!r}); call install() before anything imports it"
                )
    sys.meta_path.insert(0, _finder)
