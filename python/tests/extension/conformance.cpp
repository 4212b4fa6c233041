// SPDX-License-Identifier: MIT
#include "conformance.hpp"

#include <interloop/adapters/python.hpp>
#include <interloop/python_bridge.hpp>
#include <interloop/testing/conformance.hpp>

#include <nanobind/stl/string.h>

#include <optional>

namespace nb = nanobind;
namespace conformance = interloop::testing::conformance;

namespace {

class python_native final : public conformance::native_loop {
 public:
  explicit python_native(const nb::object& make) : driver_(make()) {
    const nb::object native = driver_.attr("native");
    owner_.emplace(native.ptr());
  }
  ~python_native() override {
    owner_.reset();
    driver_.attr("close")();
  }

  interloop::loop& core() override { return **owner_; }
  void drop_owner() override { owner_.reset(); }

  bool run_until(const std::function<bool()>& done, interloop::duration limit) override {
    const auto end = std::chrono::steady_clock::now() + limit;
    bool is_done = false;
    while (!(is_done = done()) && std::chrono::steady_clock::now() < end) {
      driver_.attr("step")();
    }
    return is_done;
  }

  bool make_owner() override {
    const nb::object native = driver_.attr("native");
    owner_.emplace(native.ptr());
    return true;
  }

  void call_native(std::function<void()> fn) override {
    driver_.attr("call")(nb::cpp_function([fn = std::move(fn)] { fn(); }));
  }
  std::shared_ptr<void> watch_native(int fd, std::function<void()> on_readable) override {
    const nb::object watch = driver_.attr("watch");
    nb::object end = watch(fd, nb::cpp_function([fn = std::move(on_readable)] { fn(); }));
    return {this, [end = std::move(end)](void*) { end(); }};
  }

 private:
  nb::object driver_;
  std::optional<interloop::python_loop> owner_;
};

}  // namespace

std::vector<std::string> conformance_cases() {
  std::vector<std::string> names;
  for (const auto& each : conformance::cases()) names.emplace_back(each.name);
  return names;
}

std::tuple<std::string, std::string> run_conformance_case(const std::string& name, nb::object make, nb::dict lacks) {
  conformance::harness on{.name = "python", .make = [make] { return std::make_unique<python_native>(make); }};
  for (const auto& [ability, reason] : lacks)
    on.lacks[conformance::to_ability(nb::cast<std::string>(ability))] = nb::cast<std::string>(reason);
  for (const auto& each : conformance::cases()) {
    if (each.name != name) continue;
    const conformance::outcome ended = each.run(on);
    using kind = conformance::outcome::kind;
    return {ended.what == kind::passed ? "passed" : ended.what == kind::failed ? "failed" : "skipped", ended.message};
  }
  return {"failed", "there is no such case"};
}
