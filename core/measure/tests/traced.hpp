// SPDX-License-Identifier: MIT
// A trace file of a test, and what a JSON parser other than ours says about it.
#pragma once

#include <gtest/gtest.h>

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>

namespace interloop::test {

class traced {
 public:
  traced() {
    std::string made = ::testing::TempDir() + "interloop_trace_XXXXXX";
    const int file = ::mkstemp(made.data());
    EXPECT_GE(file, 0);
    ::close(file);
    path_ = made;
  }
  traced(const traced&) = delete;
  traced& operator=(const traced&) = delete;
  ~traced() { std::remove(path_.c_str()); }

  [[nodiscard]] const std::string& path() const { return path_; }

  [[nodiscard]] std::string text() const {
    std::ifstream file(path_);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  /// The counts that check_trace.py prints; empty, with a failure, if it finds a fault.
  [[nodiscard]] std::map<std::string, long> checked() const {
    const std::string command = std::string(PYTHON) + " " + CHECK_TRACE + " " + path_ + " 2>&1";
    std::string output;
    std::FILE* const pipe = ::popen(command.c_str(), "r");
    std::array<char, 4096> room;
    while (const std::size_t more = std::fread(room.data(), 1, room.size(), pipe)) output.append(room.data(), more);
    if (::pclose(pipe) != 0) {
      ADD_FAILURE() << output;
      return {};
    }
    std::map<std::string, long> counts;
    std::istringstream words(output);
    for (std::string word; words >> word;) {
      const auto equals = word.find('=');
      counts[word.substr(0, equals)] = std::stol(word.substr(equals + 1));
    }
    return counts;
  }

 private:
  std::string path_;
};

}  // namespace interloop::test
