// SPDX-License-Identifier: MIT
// The compilers' names of types and functions, and the names that a reader sees.
#include <interloop/detail/readable.hpp>

#include <gtest/gtest.h>

#include <exception>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace interloop::detail {
namespace {

struct example {
  const char* compilers;
  const char* readers;
};

void expect_all(std::initializer_list<example> examples) {
  for (const example& each : examples) EXPECT_EQ(readable_function(each.compilers), each.readers) << each.compilers;
}

TEST(readable_test, a_function_is_named_without_its_return_type) {
  expect_all({
      {"int main()", "main()"},
      {"main", "main"},
      {"std::map<std::string, int> app::client::get(const std::string&, int)",
       "app::client::get(const std::string&, int)"},
      {"const char *name(unsigned long)", "name(unsigned long)"},
      {"static void app::client::reset()", "app::client::reset()"},
      {"decltype(auto) f(int)", "f(int)"},
      {"", ""},
  });
}

TEST(readable_test, operators_keep_their_names) {
  expect_all({
      {"std::ostream& operator<<(std::ostream&, const X&)", "operator<<(std::ostream&, const X&)"},
      {"bool X::operator<(const X&) const", "X::operator<(const X&) const"},
      {"X::operator bool() const", "X::operator bool() const"},
      {"static void* X::operator new(std::size_t)", "X::operator new(std::size_t)"},
      {"int app::client::operator()(int) const", "app::client::operator()(int) const"},
      {"Y* X::operator->() const", "X::operator->() const"},
  });
}

TEST(readable_test, unnamed_namespaces_clones_and_template_arguments_are_left_out) {
  expect_all({
      {"interloop::future<int> {anonymous}::start_server()", "start_server()"},
      {"future<int> app::(anonymous namespace)::none()", "app::none()"},
      {"app::(anonymous namespace)::none() [clone .resume]", "app::none()"},
      {"parse(char const*) [clone .part.0] [clone .cold]", "parse(char const*)"},
      {"future<T> app::tmpl(T) [T = std::basic_string<char>]", "app::tmpl(T)"},
      {"T twice(T) [with T = int]", "twice(T)"},
  });
}

TEST(readable_test, the_standard_librarys_long_names_are_shortened) {
  expect_all({
      {"void f(std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> > const&)",
       "f(std::string const&)"},
      {"void f(std::vector<std::vector<int, std::allocator<int> >, std::allocator<std::vector<int, std::allocator<int> "
       "> > >)",
       "f(std::vector<std::vector<int>>)"},
      {"void std::__1::swap(int&, int&)", "std::swap(int&, int&)"},
  });
}

TEST(readable_test, the_coroutines_of_gcc_are_named_as_they_are_written) {
  expect_all({
      {"void start_server(start_server()::_Z12start_serverv.Frame*)", "start_server()"},
      {"void app::{anonymous}::none(none()::_ZN3app12_GLOBAL__N_14noneEv.Frame*)", "app::none()"},
      {"void app::client::get(app::client::get(const std::string&, int)::_ZN3app6client3getERKNSt7i.Frame*)",
       "app::client::get(const std::string&, int)"},
      {"void app::client::operator()(app::client::operator()(int) const::_ZNK3app6clientclEi.Frame*)",
       "app::client::operator()(int) const"},
      {"app::(anonymous namespace)::none(app::(anonymous namespace)::none()::_ZN3app12_GLOBAL__N_14noneEv.Frame*) "
       "[clone .actor]",
       "app::none()"},
      {"void f(.Frame*)", "f(.Frame*)"},
  });
}

TEST(readable_test, lambdas_read_the_same_from_every_compiler) {
  expect_all({
      {"big::test()::<lambda(int)>", "big::test()::<lambda(int)>"},
      {"auto big::test()::(anonymous class)::operator()(int) const", "big::test()::<lambda(int)>"},
      {"big::test()::{lambda(int)#3}::operator()(int) const", "big::test()::<lambda(int)>"},
      {"big::test()::{lambda(int)#3}::operator()(int) const [clone .resume]", "big::test()::<lambda(int)>"},
      {"void big::test()::<lambda(int)>::operator()(big::test()::<lambda(int)> "
       "mutable::_ZZN3big4testEvENUliE_clEi.Frame*)",
       "big::test()::<lambda(int)>"},
      {"void big::test()::<lambda(auto:54)>::operator()(big::test()::<lambda(auto:54)>::_ZZN3bigclIiEDaT_.Frame*)",
       "big::test()::<lambda(auto)>"},
      {"auto f()::(anonymous class)::operator()()::(anonymous class)::operator()() const",
       "f()::<lambda()>::<lambda()>"},
  });
}

TEST(readable_test, text_that_is_not_understood_stays_unchanged) {
  for (const char* text :
       {"((((", "f(", "a::_Z", "operator", "operator(", ">>>", "{lambda(", "(anonymous class)::operator()(", "x -> y",
        "f(int)::_Z1fi.Frame*)", "f [clone", ", std::allocator<"})
    EXPECT_FALSE(readable_function(text).empty()) << text;
}

TEST(readable_test, a_type_that_carries_a_nested_exception_is_named_as_it_was_thrown) {
  const auto thrown = [](auto what) {
    try {
      std::throw_with_nested(what);
    } catch (const std::exception& e) {
      return readable_type(typeid(e));
    }
  };
  EXPECT_EQ(thrown(std::runtime_error("x")), "std::runtime_error");
  EXPECT_EQ(readable_type(typeid(std::nested_exception)), "std::nested_exception");
  EXPECT_EQ(readable_type(typeid(std::map<int, std::vector<int>>)), "std::map<int, std::vector<int>, std::less<int>>");
}

TEST(readable_test, symbols_are_demangled_where_they_can_be) {
  EXPECT_EQ(demangled("_ZN3app4noneEv"), "app::none()");
  EXPECT_EQ(demangled("main"), "main");
  EXPECT_EQ(demangled("_Znonsense"), "_Znonsense");
}

}  // namespace
}  // namespace interloop::detail
