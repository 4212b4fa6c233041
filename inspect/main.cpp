// SPDX-License-Identifier: MIT
// interloop-ps: what is pending in another process, or was in one that left a core file. Runs nothing there.
#include "core_file.hpp"
#include "inspect.hpp"
#include "process.hpp"

#include <charconv>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr const char* usage =
    "usage: interloop-ps [--tree | --json] PID\n"
    "       interloop-ps [--tree | --json] --core FILE [PROGRAM]\n"
    "\n"
    "Shows the coroutines, futures, timers and watches that are pending on interloop's loops, and what they wait for.\n"
    "Reads memory only: nothing runs in the process, and it is not stopped.\n"
    "  --tree  who waits for whom, as a tree\n"
    "  --json  the same as data\n"
    "  --core  from a core file; PROGRAM is needed if it is not where it was\n";

enum class form { list, tree, json };

int wrong(const std::string& what) {
  std::fprintf(stderr, "interloop-ps: %s\n%s", what.c_str(), usage);
  return 2;
}

int show(interloop::inspect::target& in, form as) {
  const interloop::wait_graph graph = interloop::inspect::look_into(in);
  std::string text;
  if (as == form::json) {
    text = graph.json();
  } else {
    const std::size_t loops = graph.loops.size();
    text = in.name() + ": " +
           (loops == 0 ? "no open loop" : std::to_string(loops) + (loops == 1 ? " loop" : " loops")) + "\n";
    text += as == form::tree ? graph.tree() : graph.list();
  }
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) return 1;
  return 0;
}

int run(const std::vector<std::string>& arguments) {
  form as = form::list;
  bool core = false;
  std::vector<std::string> rest;
  for (const std::string& each : arguments) {
    if (each == "--help" || each == "-h") {
      std::fputs(usage, stdout);
      return 0;
    }
    if (each == "--tree") {
      as = form::tree;
    } else if (each == "--json") {
      as = form::json;
    } else if (each == "--core") {
      core = true;
    } else if (each.size() > 1 && each.front() == '-') {
      return wrong("unknown option " + each);
    } else {
      rest.push_back(each);
    }
  }
  if (core) {
    if (rest.empty() || rest.size() > 2) return wrong("--core needs a core file, and perhaps the program that left it");
    interloop::inspect::core_file in(rest[0], rest.size() == 2 ? rest[1] : "");
    return show(in, as);
  }
  if (rest.size() != 1) return wrong("name one process by its number");
  ::pid_t pid = 0;
  const std::string& number = rest[0];
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), pid);
  if (error != std::errc() || end != number.data() + number.size() || pid <= 0)
    return wrong("'" + number + "' is not the number of a process");
  interloop::inspect::process in(pid);
  return show(in, as);
}

}  // namespace

int main(int count, char** arguments) {
  try {
    return run({arguments + 1, arguments + count});
  } catch (const std::exception& failed) {
    std::fprintf(stderr, "interloop-ps: %s\n", failed.what());
    return 1;
  }
}
