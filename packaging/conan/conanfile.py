# SPDX-License-Identifier: MIT
"""interloop for Conan 2, with the libraries that the system has: `conan create packaging/conan`.

Consumers use interloop's own CMake package, find_package(interloop COMPONENTS libuv), or its pkg-config files. The option
`parts` chooses the loops and clients: `auto` takes those whose library is found, otherwise their names with commas. With
`-c tools.system.package_manager:mode=install`, Conan installs what they need.
"""

import os
import re
import sys

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load
from conan.tools.system.package_manager import Apt

# What a build needs of the project.
SOURCES = ("CMakeLists.txt", "LICENSE", "README.md", "clients/*", "cmake/*", "conformance/*", "core/*", "every_loop/*",
           "examples/starter/*", "inspect/*", "logging/*", "loops/*", "packaging/parts.py", "tools/ccache.sh")


class Interloop(ConanFile):
    name = "interloop"
    description = "Asynchronous code written once, run on the event loop its user already has"
    license = "MIT"
    topics = ("async", "futures", "coroutines", "event-loop")
    package_type = "library"
    settings = "os", "compiler", "build_type", "arch"
    options = {"shared": [True, False], "fPIC": [True, False], "parts": ["ANY"]}
    default_options = {"shared": False, "fPIC": True, "parts": "auto"}
    implements = ["auto_shared_fpic"]

    def set_version(self):
        text = load(self, os.path.join(self.recipe_folder, "../../core/base/include/interloop/version.hpp"))
        self.version = ".".join(re.findall(r"define INTERLOOP_VERSION_[A-Z]+ (\d+)", text))

    def export_sources(self):
        root = os.path.join(self.recipe_folder, "../..")
        for pattern in SOURCES:
            copy(self, pattern, src=root, dst=self.export_sources_folder)

    def validate(self):
        check_min_cppstd(self, 20)
        if self.settings.os != "Linux":
            raise ConanInvalidConfiguration("interloop uses futex and eventfd, which only Linux has")

    def package_id(self):
        self.info.options.parts = ",".join(sorted(str(self.info.options.parts).split(",")))

    def layout(self):
        cmake_layout(self)

    def _parts(self):
        """The chosen parts and those that they need, or None for `auto`."""
        if self.options.parts == "auto":
            return None
        sys.path.insert(0, os.path.join(self.source_folder, "packaging"))
        try:
            import parts
        finally:
            sys.path.pop(0)
        known = {part.name: part for part in parts.parts()}
        chosen = {}

        def choose(name):
            if name not in known:
                raise ConanInvalidConfiguration(f"interloop has no part '{name}'; there are: {', '.join(sorted(known))}")
            for needed in known[name].needs:
                choose(needed)
            chosen[name] = known[name]

        for name in str(self.options.parts).split(","):
            choose(name)
        return list(chosen.values())

    def generate(self):
        toolchain = CMakeToolchain(self)
        chosen = self._parts()
        toolchain.cache_variables["INTERLOOP_WITH_DEFAULT"] = "AUTO" if chosen is None else "OFF"
        for part in chosen or []:
            toolchain.cache_variables[f"INTERLOOP_WITH_{part.name.upper()}"] = "ON"
        toolchain.cache_variables["INTERLOOP_WITH_THROW_TRACES"] = "AUTO"
        for part in ("TESTS", "BENCH", "EXAMPLES"):
            toolchain.cache_variables[f"INTERLOOP_BUILD_{part}"] = "OFF"
        toolchain.generate()

    def build(self):
        self._install_system_libraries()
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def _install_system_libraries(self):
        """Those of the chosen parts; does nothing unless the user lets Conan use the package manager."""
        for part in self._parts() or []:
            if part.debian:
                Apt(self).install(part.debian, check=True)

    def package(self):
        copy(self, "LICENSE", src=self.source_folder, dst=os.path.join(self.package_folder, "licenses"))
        CMake(self).install()

    def package_info(self):
        # The package's own files know each component's libraries, flags and system libraries.
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.set_property("pkg_config_name", "none")
        self.cpp_info.builddirs = [os.path.join("lib", "cmake", "interloop")]
        self.cpp_info.libs = ["interloop"]
        self.cpp_info.system_libs = ["pthread"]
        self.buildenv_info.prepend_path("PKG_CONFIG_PATH", os.path.join(self.package_folder, "lib", "pkgconfig"))
