// SPDX-License-Identifier: MIT
// Everything for threads that block on a loop's work: Crochet in C++. The loops' own headers are under adapters/.
#pragma once

#include <interloop/version.hpp>  // first: it checks the language version

#include <interloop/eventual_result.hpp>
#include <interloop/loop_thread.hpp>
#include <interloop/run_in_reactor.hpp>
#include <interloop/setup.hpp>
