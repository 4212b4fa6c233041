# SPDX-License-Identifier: MIT
"""Builds python/tests/extension against the installed package, once per session, outside the tree."""

import fcntl
import functools
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import zlib
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "extension"
BINDING = Path(__file__).parents[3] / "examples" / "python" / "binding"


# A sanitizer's runtime is for the interpreter, not for the build tools. Each extension compiles nanobind.
TOOLS = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
if shutil.which("ccache"):
    TOOLS.setdefault("CMAKE_CXX_COMPILER_LAUNCHER", "ccache")


def _output(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout.strip()


def _place(source):
    """A folder per interpreter and package, kept between sessions to compile only changes; and CMake's arguments."""
    package = _output(sys.executable, "-m", "interloop", "--cmake-dir")
    tag = f"{sysconfig.get_config_var('SOABI')}-{zlib.crc32(package.encode()):08x}"
    made = Path(__file__).parents[3] / "build" / "python-extension" / tag / source.parent.name
    made.mkdir(parents=True, exist_ok=True)
    return made, f"{package};{_output(sys.executable, '-m', 'nanobind', '--cmake_dir')}"


@functools.cache
def folder(source=SOURCE):
    """The folder where an extension is built."""
    made, prefix = _place(source)
    configure = ["cmake", "-S", source, "-B", made, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release"]
    configure += [f"-DCMAKE_PREFIX_PATH={prefix}", f"-DPython_EXECUTABLE={sys.executable}"]
    if "libtsan" in os.environ.get("LD_PRELOAD", ""):  # it must see the order that the headers' code makes, too
        configure += ["-DCMAKE_CXX_FLAGS=-fsanitize=thread -g1"]
    with (made / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # pytest-xdist's processes all come here
        for command in (configure, ["cmake", "--build", made]):
            done = subprocess.run(command, env=TOOLS, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            assert done.returncode == 0, done.stdout
    return made


def installed(source, made=None):
    """The folder where pip installs the binding in `source`: beside interloop. It and pip's build folder are in `made`."""
    place, prefix = _place(source / "build")
    made = made or place
    site = made / "site"
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-build-isolation", "--no-deps", "--upgrade"]
    command += ["--target", site, "-C", f"build-dir={made / 'build'}", source]
    if "LD_PRELOAD" in os.environ:  # with a sanitizer, the package is not where pip looks
        command += ["-C", f"cmake.define.CMAKE_PREFIX_PATH={prefix}"]
    with (made / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(command, env=TOOLS, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == 0, done.stdout
        package = Path(_output(sys.executable, "-c", "import interloop; print(*interloop.__path__)"))
        if not (site / "interloop").exists():
            (site / "interloop").symlink_to(package)
    return site


@functools.cache
def installed_binding():
    """The folder where pip installs the documented binding."""
    return installed(BINDING)


def require_cmake():
    """Without it, skips, or in CI fails."""
    try:
        _output("cmake", "--version", env=TOOLS)
    except OSError:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("cmake is not installed")


def load(name="extension"):
    """A module: the tests' own, or the documented binding, "client"."""
    require_cmake()
    (path,) = (folder() if name == "extension" else installed_binding()).glob(f"{name}.*.so")
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
