# SPDX-License-Identifier: MIT
"""A consumer of the package: CMake's find_package, on each loop that the package has."""

import os

from conan import ConanFile
from conan.tools.build import can_run
from conan.tools.cmake import CMake, cmake_layout


class Consumer(ConanFile):
    settings = "os", "compiler", "build_type", "arch"
    generators = "CMakeToolchain", "CMakeDeps", "VirtualRunEnv"
    test_type = "explicit"

    def requirements(self):
        self.requires(self.tested_reference_str)

    def layout(self):
        cmake_layout(self)

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def test(self):
        if can_run(self):
            folder = self.cpp.build.bindir
            for program in sorted(name for name in os.listdir(folder) if name.startswith("consumer_")):
                self.run(os.path.join(folder, program), env="conanrun")
