// SPDX-License-Identifier: MIT
#include "throw_traces.hpp"

#include <execinfo.h>
#include <backward.hpp>
#include <boost/stacktrace.hpp>

#include <array>
#include <cstdlib>
#include <optional>
#include <sstream>

namespace bench {
namespace {

constexpr int room = 64;

std::array<void*, room> glibc_addresses;
int glibc_count = 0;
std::optional<boost::stacktrace::stacktrace> boost_trace;
backward::StackTrace backward_trace;

}  // namespace

const peer glibc{[] { glibc_count = ::backtrace(glibc_addresses.data(), room); },
                 [] {
                   char** lines = ::backtrace_symbols(glibc_addresses.data(), glibc_count);
                   std::string text;
                   for (int i = 0; i < glibc_count; ++i) text.append(lines[i]).append("\n");
                   std::free(lines);
                   return text;
                 }};
const peer boost_stacktrace{[] { boost_trace.emplace(0, room); },
                            [] { return boost::stacktrace::to_string(*boost_trace); }};
const peer backward_cpp{[] { backward_trace.load_here(room); },
                        [] {
                          backward::Printer printer;
                          printer.snippet = false;
                          printer.color_mode = backward::ColorMode::never;
                          std::ostringstream out;
                          printer.print(backward_trace, out);
                          return out.str();
                        }};

}  // namespace bench
