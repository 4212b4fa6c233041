// SPDX-License-Identifier: MIT
// Counts the lines of the standard input, on Asio: printf 'one\ntwo\n' | on_asio
#include <starter/line_reader.hpp>

#include <fcntl.h>
#include <interloop/adapters/asio.hpp>

#include <cstdio>

int main() {
  ::fcntl(0, F_SETFL, ::fcntl(0, F_GETFL) | O_NONBLOCK);
  asio::io_context context;
  interloop::use_asio(context);

  const auto count = starter::count_lines(interloop::with_config(), 0);
  interloop::add_callbacks(count, [](std::size_t lines) { std::printf("%zu lines\n", lines); });

  context.run();  // returns when nothing is pending
  interloop::close();
}
