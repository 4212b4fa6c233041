# SPDX-License-Identifier: MIT
# The things one does here, one word each. `make help` lists them. The work itself is in CMakePresets.json and tools/.

JOBS ?= $(shell nproc)
CONFIGURE_ARGS ?=
ifeq ($(CI),true)
# A loop that is not found is an error there.
CONFIGURE_ARGS += -DINTERLOOP_WITH_DEFAULT=ON
# There the demonstrations show that they work; for figures, their own numbers are large enough.
REDIS_DEMO = --rounds 1 --commands 50000
WAMP_DEMO = --calls 500
endif

.PHONY: help setup test python asan tsan clang release demo bench figures bench-against deb wheel conan vcpkg abi format tidy \
	check docs docs-check clean
.PRECIOUS: build/%/build.ninja
.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what is missing (tools/packages.txt, tools/requirements.txt)
	@tools/setup.sh

build/%/build.ninja: CMakePresets.json | setup
	cmake --preset $* $(CONFIGURE_ARGS)

# Builds one preset. CMake configures again by itself where a CMake file has changed.
build-%: setup build/%/build.ninja
	cmake --build --preset $* -j $(JOBS)

test: build-dev ## build and test: checked, warnings are errors; the Python package too
	@JOBS=$(JOBS) tools/python.sh; python=$$?; ctest --preset dev -j $(JOBS) && exit $$python

python: setup ## build the Python package for each CPython that is installed, and test it
	JOBS=$(JOBS) tools/python.sh

asan: build-asan ## the same under AddressSanitizer, LeakSanitizer and UBSan
	@ctest --preset asan -j $(JOBS); core=$$?; JOBS=$(JOBS) tools/python_sanitized.sh asan && exit $$core

tsan: build-tsan ## the same under ThreadSanitizer
	@ctest --preset tsan -j $(JOBS); core=$$?; JOBS=$(JOBS) tools/python_sanitized.sh tsan && exit $$core

clang: build-clang ## mistakes that must not compile, a package, fuzzing with clang, which tsan has the other tests of
	ctest --preset clang -j $(JOBS)

release: build-release ## examples and benchmarks, optimised

demo: build-release ## a Redis client, one source, on every loop, Python's too; calls between processes; blocking calls from threads
	@JOBS=$(JOBS) tools/python.sh build || true
	examples/demo.sh redis build/release $(REDIS_DEMO)
	examples/demo.sh wamp build/release $(WAMP_DEMO)
	examples/demo.sh wamp build/release --install $(or $(WAMP_DEMO),--calls 1000)
	examples/blocking_demo.sh build/release

bench: build-release ## measure and compare
	bench/run.py build/release
	bench/headers.py
	@if [ -x build/venv/bin/pyperf ]; then tools/python.sh build && bench/python/run.py; else echo "bench: skipped the Python part, which needs make python"; fi

figures: build-release ## measure, and write the figures into the documentation's tables and its plot of how costs grow
	bench/run.py build/release
	tools/python.sh build && bench/python/run.py
	bench/figures.py build/bench/results.json build/bench/python.json
	build/venv/bin/python bench/scale.py build/release docs/scaling.svg docs/costs.md

bench-against: build-release ## compare the benchmarks with those of another commit: REF=main~1
	JOBS=$(JOBS) bench/against.sh $(REF)

deb: ## Debian packages of this machine's Debian; with SUITE=trixie, of that, in trees where they are used and removed
ifdef SUITE
	JOBS=$(JOBS) tools/debian.sh $(SUITE) packaging/deb.sh install
	rm -rf build/debs-$(SUITE) && mkdir build/debs-$(SUITE) && cp build/debian-$(SUITE)/interloop/build/deb/*.deb build/debs-$(SUITE)
	JOBS=$(JOBS) TREE=clean DEBS=build/debs-$(SUITE) tools/debian.sh $(SUITE) packaging/deb_check.sh /debs
else
	JOBS=$(JOBS) packaging/deb.sh
endif

wheel: setup ## a source distribution, and a wheel for each CPython that is installed, used in clean environments
	JOBS=$(JOBS) packaging/wheel.sh

conan: ## a Conan package with the system's libraries, used by a consumer
	JOBS=$(JOBS) packaging/conan.sh

vcpkg: ## a port for vcpkg, whose functions are replaced, so it needs no vcpkg
	JOBS=$(JOBS) packaging/vcpkg.sh

abi: ## compare the shared libraries' ABI with that of the last tag, or of REF=main~1
	JOBS=$(JOBS) packaging/abi.sh $(REF)

format: setup ## clang-format on all C++ sources
	git ls-files -co --exclude-standard '*.hpp' '*.cpp' | xargs -r clang-format-19 -i

tidy: build-clang ## clang-tidy on the library's sources
	run-clang-tidy-19 -quiet -p build/clang -j $(JOBS) '$(CURDIR)/(core|conformance|logging|loops|clients)/.*'

check: setup ## include direction, licence lines, documentation's code blocks, form
	tools/check.sh

docs: ## the site, with a reference of every public name, in build/docs/site
	@tools/setup.sh docs docs-check
	build/docs/venv/bin/python docs/site/build.py
	build/docs/venv/bin/python docs/site/check_site.py

docs-check: ## the site in a headless Chromium: navigation, search, code copy, screenshots
	@tools/setup.sh docs
	$(MAKE) docs
	build/docs/venv/bin/python docs/site/check_test.py
	build/docs/venv/bin/python docs/site/browser_test.py

clean: ## remove build/
	rm -rf build
