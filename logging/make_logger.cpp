// SPDX-License-Identifier: MIT
// Names loggers after their callers, from the compiler's name of a function.
#include <interloop/logger.hpp>

#include <algorithm>
#include <string>

namespace interloop {

namespace {

std::string file_stem(std::string_view path) {
  if (const auto slash = path.rfind('/'); slash != path.npos) path.remove_prefix(slash + 1);
  if (const auto dot = path.rfind('.'); dot != path.npos && dot > 0) path = path.substr(0, dot);
  return std::string(path);
}

// The operator whose name begins at the front and contains brackets, or nothing.
std::string_view operator_at(std::string_view name) {
  for (const std::string_view each :
       {"operator()", "operator[]", "operator<=>", "operator<<", "operator<=", "operator<"})
    if (name.starts_with(each)) return each;
  return {};
}

// Removes everything in <> or () pairs, except "(anonymous namespace)", which g++ writes "{anonymous}".
std::string without_arguments(std::string_view name) {
  std::string bare;
  for (std::size_t i = 0; i < name.size();) {
    if (name.substr(i).starts_with("(anonymous namespace)::")) {
      i += 23;
    } else if (name.substr(i).starts_with("{anonymous}::")) {
      i += 13;
    } else if (const std::string_view op = operator_at(name.substr(i)); !op.empty()) {
      bare += op;
      i += op.size();
    } else if (name[i] == '<' || name[i] == '(' || name[i] == '[') {
      if (name[i] == '[' && bare.ends_with(' ')) break;  // g++'s "[with T = int]"
      int depth = 0;
      do {
        if (name[i] == '<' || name[i] == '(' || name[i] == '[') ++depth;
        if (name[i] == '>' || name[i] == ')' || name[i] == ']') --depth;
        ++i;
      } while (i < name.size() && depth > 0);
    } else {
      bare += name[i++];
    }
  }
  return bare;
}

// "static void ns::bunny::hop(int) const" is "ns::bunny::hop"; a constructor's "ns::bunny::bunny" is "ns::bunny"; a
// lambda is named like the function around it.
std::string function_scope(std::string_view function) {
  if (const auto lambda = function.find("::<lambda"); lambda != function.npos) function = function.substr(0, lambda);
  if (const auto lambda = function.find("::(anonymous class)"); lambda != function.npos)
    function = function.substr(0, lambda);
  std::string name = without_arguments(function);
  for (bool again = true; again;) {  // suffixes of the name, and the space before g++'s "[with ...]"
    again = false;
    for (const std::string_view after : {" ", " const", " volatile", " &", " &&"}) {
      if (!name.ends_with(after)) continue;
      name.resize(name.size() - after.size());
      again = true;
    }
  }
  if (const auto space = name.rfind(' '); space != name.npos) name.erase(0, space + 1);
  while (!name.empty() && (name.front() == '*' || name.front() == '&')) name.erase(0, 1);
  if (const auto last = name.rfind("::"); last != name.npos) {
    const auto before = name.rfind("::", last - 1);
    const std::size_t begin = before == name.npos ? 0 : before + 2;
    if (name.substr(begin, last - begin) == name.substr(last + 2)) name.resize(last);
  }
  return name;
}

}  // namespace

logger make_logger(std::source_location where) {
  std::string name = function_scope(where.function_name());
  // g++ gives code that initialises a global no name, or that of the initialiser.
  if (name.empty() || name.starts_with("__static_init") || name.starts_with("_GLOBAL__"))
    name = file_stem(where.file_name());
  return logger(name);
}

logger make_logger(std::string_view name) { return logger(name); }

}  // namespace interloop
