// SPDX-License-Identifier: MIT
// Linked before libevent, libev's functions of libevent's names serve the whole program, and libevent too. Without a
// look beforehand they would be called with structures that they do not understand.
#include <interloop/adapters/libevent.hpp>
#include <interloop/interloop.hpp>

#include <event2/event.h>

namespace {

using namespace interloop;

template <class Make>
std::string refused(Make make) {
  try {
    make();
  } catch (const usage_error& error) {
    return error.what();
  }
  return "not refused";
}

TEST(LibeventAfterLibevTest, IsRefusedWithTheNameOfTheFileAndWhatToDo) {
  using ::testing::HasSubstr;
  event_base* base = event_base_new();  // most likely a struct ev_loop
  const auto to_be_told = ::testing::AllOf(HasSubstr("libev.so"), HasSubstr("link libevent before it"));
  EXPECT_THAT(refused([&] { use_libevent(base); }), to_be_told);
  EXPECT_THAT(refused([&] { libevent_loop{base}; }), to_be_told);
  EXPECT_THAT(refused([] { libevent_loop{}; }), to_be_told);
  EXPECT_FALSE(using_libevent());
  event_base_free(base);
}

}  // namespace
