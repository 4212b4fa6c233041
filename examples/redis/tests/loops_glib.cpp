// SPDX-License-Identifier: MIT
#include "loops.hpp"

#include <glib.h>
#include <interloop/adapters/glib.hpp>

namespace {

class on_glib final : public test_loop {
 public:
  ~on_glib() override { g_main_context_unref(native_); }
  interloop::loop& get() override { return loop_; }

 private:
  GMainContext* native_ = g_main_context_new();
  interloop::glib_loop loop_{native_};
};

const bool added = add_loop_kind<on_glib>("glib");

}  // namespace
