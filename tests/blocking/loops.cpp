// SPDX-License-Identifier: MIT
#include "loops.hpp"

#include <interloop/interloop.hpp>

#ifdef BLOCKING_TEST_ASIO
#include <interloop/adapters/asio.hpp>
#endif
#ifdef BLOCKING_TEST_LIBUV
#include <interloop/adapters/libuv.hpp>
#endif
#ifdef BLOCKING_TEST_GLIB
#include <interloop/adapters/glib.hpp>
#endif

#include <stdexcept>

namespace blocking_test {

namespace {

// Calls `visit` with something that makes the loop of this name.
template <class Visit>
auto with_loop(const std::string& name, Visit visit) {
#ifdef BLOCKING_TEST_ASIO
  if (name == "asio") return visit([] { return interloop::asio_loop(); });
#endif
#ifdef BLOCKING_TEST_LIBUV
  if (name == "libuv") return visit([] { return interloop::libuv_loop(); });
#endif
#ifdef BLOCKING_TEST_GLIB
  if (name == "glib") return visit([] { return interloop::glib_loop(); });
#endif
  throw std::invalid_argument("no such loop is built: " + name);
}

}  // namespace

std::vector<std::string> loop_names() {
  return {
#ifdef BLOCKING_TEST_ASIO
      "asio",
#endif
#ifdef BLOCKING_TEST_LIBUV
      "libuv",
#endif
#ifdef BLOCKING_TEST_GLIB
      "glib",
#endif
  };
}

std::unique_ptr<interloop::loop_thread> start_loop(const std::string& name) {
  return with_loop(name, [](auto make) { return std::make_unique<interloop::loop_thread>(make); });
}

void setup_loop(const std::string& name) {
  with_loop(name, [](auto make) { interloop::setup<decltype(make())>(); });
}

struct owned_loop::holder {
  virtual ~holder() = default;
  virtual interloop::loop& get() = 0;
};

owned_loop::owned_loop(const std::string& name) {
  holder_ = with_loop(name, [](auto make) -> std::unique_ptr<holder> {
    struct of_this_loop final : holder {
      decltype(make()) owner;
      interloop::loop& get() override { return owner; }
    };
    return std::make_unique<of_this_loop>();
  });
}

owned_loop::~owned_loop() = default;
owned_loop::operator interloop::loop&() const noexcept { return holder_->get(); }

void reports::collect(const interloop::loop_thread& from) {
  using namespace std::chrono_literals;
  interloop::wait_for(from, 60s, [kept = kept_] {
    interloop::set_exception_handler([kept](std::string_view context, const interloop::failure& fail) {
      std::lock_guard lock(kept->mutex);
      kept->lines.push_back(std::string(context) + ": " + interloop::failure_message(fail));
    });
  })();
}

}  // namespace blocking_test
