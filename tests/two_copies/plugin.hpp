// SPDX-License-Identifier: MIT
// The interface that the plugin gives to the program, under the name `plugin`.
#pragma once

#include <interloop/blocking.hpp>
#include <interloop/interloop.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

struct plugin_functions {
  /// Something to do with a loop of the program, with a name.
  struct use {
    std::string name;
    std::function<void(interloop::loop& hosts)> run;
  };
  std::vector<use> refused;          // in every build
  std::vector<use> refused_checked;  // in a checked one
  std::function<void()> use_current_loop;
  std::function<int()> use_own_loop;
  std::function<std::unique_ptr<interloop::loop_thread>()> make_thread;
  std::function<interloop::eventual_result<int>(const interloop::loop_thread&)> start;
  std::function<void(const interloop::loop_remote&)> keep;
  std::function<void()> drop;
};
