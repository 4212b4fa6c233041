// SPDX-License-Identifier: MIT
#include <interloop/detail/readable.hpp>

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <utility>

namespace interloop::detail {

namespace {

constexpr auto npos = std::string::npos;

// Not std::string::replace: if that is inlined, g++ 12 warns of overlapping copies.
void replace(std::string& text, std::size_t at, std::size_t count, std::string_view with) {
  std::string made;
  made.reserve(text.size() + with.size());
  made.append(text, 0, at).append(with).append(text, at + count);
  text = std::move(made);
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != npos; at = text.find(from, at + to.size())) replace(text, at, from.size(), to);
}

bool opens(char c) { return c == '(' || c == '<' || c == '[' || c == '{'; }
bool closes(char c) { return c == ')' || c == '>' || c == ']' || c == '}'; }

bool is_name(char c) { return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Past the bracket that closes the one at `open`; npos if there is none.
std::size_t past_bracket(std::string_view text, std::size_t open) {
  int depth = 0;
  for (std::size_t at = open; at < text.size(); ++at) {
    if (opens(text[at])) ++depth;
    if (closes(text[at]) && (text[at] != '>' || at == 0 || text[at - 1] != '-') && --depth == 0) return at + 1;
  }
  return npos;
}

// The bracket that the one at `close` closes; npos if there is none.
std::size_t opening_bracket(std::string_view text, std::size_t close) {
  int depth = 0;
  for (std::size_t at = close + 1; at-- > 0;) {
    if (closes(text[at])) ++depth;
    if (opens(text[at]) && --depth == 0) return at;
  }
  return npos;
}

// Past an operator's name, if one begins at `at`: "operator()", "operator<<", but only "operator" for a conversion.
std::size_t past_operator(std::string_view text, std::size_t at) {
  constexpr std::string_view word = "operator";
  if (text.substr(at, word.size()) != word || (at > 0 && is_name(text[at - 1]))) return at;
  at += word.size();
  if (text.substr(at, 2) == "()" || text.substr(at, 2) == "[]") return at + 2;
  const std::size_t end = text.find_first_not_of("<>=!+-*/%^&|~,", at);
  return end == npos ? text.size() : end;
}

// Where the parameters begin, and where the name before them begins: after the last space that is outside of brackets
// and not part of an operator's name.
struct parts {
  std::size_t name = 0;
  std::size_t parameters = npos;
};
parts split(std::string_view text) {
  parts found;
  for (std::size_t at = 0; at < text.size();) {
    if (const std::size_t past = past_operator(text, at); past != at) {
      at = past;
      if (at < text.size() && text[at] == ' ') {  // a conversion, or operator new
        found.parameters = text.find('(', at);
        return found;
      }
    } else if (text[at] == '(' && !text.substr(0, at).ends_with("decltype")) {
      found.parameters = at;
      return found;
    } else if (opens(text[at])) {
      at = past_bracket(text, at);
      if (at == npos) return {};
    } else {
      if (text[at] == ' ') found.name = at + 1;
      ++at;
    }
  }
  return found;
}

// g++ turns a coroutine f into a function "void f(f(int)::_Z1fi.Frame*)", and a lambda into
// "void g()::<lambda(int)>::operator()(g()::<lambda(int)>::_ZZ1g…clEi.Frame*)". Gives "f(int)", "g()::<lambda(int)>".
std::string_view without_frame(std::string_view name, std::string& room) {
  if (!name.ends_with(".Frame*)")) return name;
  const std::size_t open = opening_bracket(name, name.size() - 1);
  const std::size_t mangled = name.rfind("::_Z");
  if (open == npos || mangled == npos || mangled < open) return name;
  std::string_view outer = name.substr(0, open);
  const std::string_view inner = name.substr(open + 1, mangled - open - 1);
  if (outer.starts_with("void ")) outer.remove_prefix(5);
  // For a plain function, g++ omits the scopes.
  std::size_t scope = outer.rfind("::");
  if (scope == npos || outer.ends_with("::operator()")) return inner;
  scope += 2;
  if (!inner.starts_with(outer.substr(scope))) return inner;
  room = std::string(outer.substr(0, scope)).append(inner);
  return room;
}

void drop_allocators(std::string& text) {
  constexpr std::string_view allocator = ", std::allocator<";
  for (auto at = text.find(allocator); at != npos; at = text.find(allocator, at)) {
    const std::size_t past = past_bracket(text, at + allocator.size() - 1);
    if (past == npos) return;
    text.erase(at, past - at);
  }
}

void tidy(std::string& text) {
  for (const std::string_view inner : {"std::__cxx11::", "std::__1::"})  // inline namespaces say nothing to a reader
    replace_all(text, inner, "std::");
  replace_all(text, "std::basic_string<char, std::char_traits<char>, std::allocator<char> >", "std::string");
  replace_all(text, "std::basic_string<char, std::char_traits<char>, std::allocator<char>>", "std::string");
  replace_all(text, "std::basic_string<char>", "std::string");
  drop_allocators(text);
  replace_all(text, " >", ">");
}

// clang calls a lambda "(anonymous class)::operator()(int) const"; as a symbol it is "{lambda(int)#1}::operator()(int)
// const". Both become "<lambda(int)>", as in g++.
void name_lambdas(std::string& text) {
  for (auto at = text.find("auto:"); at != npos; at = text.find("auto:", at)) {  // a generic lambda's parameters
    const std::size_t end = text.find_first_not_of("0123456789", at + 5);
    text.erase(at + 4, (end == npos ? text.size() : end) - at - 4);
  }
  constexpr std::string_view symbol = "{lambda(";
  for (auto at = text.find(symbol); at != npos; at = text.find(symbol, at + 1)) {
    const std::size_t past = past_bracket(text, at);
    const std::size_t number = past == npos ? npos : text.rfind('#', past);
    if (number == npos || number < at) return;
    replace(text, number, past - number, ">");
    text[at] = '<';
    constexpr std::string_view call = ">::operator()(";
    if (text.compare(number, call.size(), call) != 0) continue;
    const std::size_t end = past_bracket(text, number + call.size() - 1);
    if (end == npos) continue;
    text.erase(number + 1, end - number - 1);
    if (text.compare(number + 1, 6, " const") == 0) text.erase(number + 1, 6);
  }
  // The symbol of a lambda in a function with internal linkage is "$_0::operator()(int) const".
  for (auto at = text.find("$_"); at != npos; at = text.find("$_", at + 1)) {
    const std::size_t end = text.find_first_not_of("0123456789", at + 2);
    if (end != npos && text.compare(end, 13, "::operator()(") == 0) replace(text, at, end - at, "(anonymous class)");
  }
  constexpr std::string_view clang = "(anonymous class)::operator()(";
  for (auto at = text.find(clang); at != npos; at = text.find(clang, at)) {
    const std::size_t open = at + clang.size() - 1;
    const std::size_t end = past_bracket(text, open);
    if (end == npos) return;
    const std::string parameters = text.substr(open, end - open);
    const std::size_t constant = text.compare(end, 6, " const") == 0 ? 6 : 0;
    replace(text, at, end + constant - at, std::string("<lambda").append(parameters).append(1, '>'));
  }
}

}  // namespace

std::string demangled(const char* symbol) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(abi::__cxa_demangle(symbol, nullptr, nullptr, &status),
                                                         &std::free);
  return status == 0 && name ? name.get() : symbol;
}

std::string readable_type(const std::type_info& type) {
  if (type == typeid(std::string)) return "std::string";
  std::string text = demangled(type.name());
  tidy(text);
  constexpr std::string_view nested = "std::_Nested_exception<";  // libstdc++
  constexpr std::string_view libcxx = "std::__nested<";
  for (const std::string_view wrapper : {nested, libcxx})
    if (text.starts_with(wrapper) && text.ends_with('>'))
      text = text.substr(wrapper.size(), text.size() - wrapper.size() - 1);
  return text;
}

std::string readable_function(std::string_view compiler_name) {
  std::string_view name = compiler_name;
  // Suffixes of GCC's and clang's clones of functions: " [clone .actor]", " [clone .cold]".
  while (name.ends_with(']')) {
    const std::size_t clone = name.rfind(" [");
    if (clone == npos) break;
    name = name.substr(0, clone);
  }
  std::string room;
  std::string text(without_frame(name, room));
  // A template's arguments (g++: " [with T = int]", clang: " [T = int]") were removed with the clone suffixes.
  if (text.ends_with("> mutable")) text.resize(text.size() - 8);
  replace_all(text, "{anonymous}::", "");
  replace_all(text, "(anonymous namespace)::", "");
  tidy(text);
  name_lambdas(text);
  const parts found = split(text);
  if (found.parameters != npos) text.erase(0, found.name);
  const std::size_t first = text.find_first_not_of("*&");
  text.erase(0, first == npos ? 0 : first);
  return text;
}

}  // namespace interloop::detail
