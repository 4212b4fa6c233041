// SPDX-License-Identifier: MIT
#include "url.hpp"

#include <interloop/error.hpp>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace interloop::wamp {
namespace {

[[noreturn]] void refuse(const std::string& why) {
  throw usage_error("transport_options: the URL " + why +
                    "; it is one of ws://host:port/path, wss://…, rs://host:port, rss://…, unix:/path and "
                    "ws+unix:/path?path=/ws");
}

/// Takes a path after a scheme; `unix:///path` is the same as `unix:/path`.
std::string_view unix_path(std::string_view rest) {
  if (rest.starts_with("//")) rest.remove_prefix(2);
  if (!rest.starts_with('/')) refuse("needs the path of a Unix socket, which begins with a slash");
  return rest;
}

void read_authority(std::string_view authority, int usual_port, transport_url& to) {
  std::string_view host = authority, port;
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) refuse("has a '[' without a ']'");
    host = authority.substr(1, end - 1);
    port = authority.substr(end + 1);
    if (!port.empty() && port[0] != ':') refuse("has something between ']' and its end");
  } else if (const auto colon = authority.find(':'); colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    port = authority.substr(colon);
  }
  if (host.empty()) refuse("has no host");
  int number = usual_port;
  if (port.size() > 1) {
    port.remove_prefix(1);
    const auto [end, problem] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (problem != std::errc() || end != port.data() + port.size() || number < 1 || number > 65535)
      refuse("has a port that is not a number from 1 to 65535");
  } else if (usual_port == 0) {
    refuse("needs a port");
  }
  to.where = streams::tcp_address(std::string(host), number);
  to.host = host.find(':') == std::string_view::npos ? std::string(host) : "[" + std::string(host) + "]";
  if (number != usual_port) to.host += ":" + std::to_string(number);
}

}  // namespace

transport_url parse_url(const std::string& url) {
  const auto harmful = [](char each) { return each <= ' ' || each == 0x7f; };
  if (std::any_of(url.begin(), url.end(), harmful)) refuse("contains a space or a control character");
  const auto colon = url.find(':');
  if (colon == std::string::npos) refuse("has no scheme");
  std::string scheme = url.substr(0, colon);
  for (char& each : scheme)
    if (each >= 'A' && each <= 'Z') each = static_cast<char>(each - 'A' + 'a');
  std::string_view rest = std::string_view(url).substr(colon + 1);
  if (rest.find('#') != std::string_view::npos) refuse("has a fragment ('#'), which is not sent");

  transport_url made;
  if (scheme == "unix") {
    made.where = streams::unix_address(std::string(unix_path(rest)));
    return made;
  }
  if (scheme == "ws+unix") {
    made.websocket = true;
    made.host = "localhost";
    const auto question = rest.find('?');
    made.where = streams::unix_address(std::string(unix_path(rest.substr(0, question))));
    std::string_view query = question == std::string_view::npos ? "path=/" : rest.substr(question + 1);
    if (!query.starts_with("path=/")) refuse("may have ?path=/… behind the socket's path, nothing else");
    made.resource = query.substr(5);
    return made;
  }
  made.websocket = scheme == "ws" || scheme == "wss";
  made.secure = scheme == "wss" || scheme == "rss";
  if (!made.websocket && scheme != "rs" && scheme != "rss") refuse("has an unknown scheme");
  if (!rest.starts_with("//")) refuse("has no '//' behind the scheme");
  rest.remove_prefix(2);
  const auto slash = rest.find_first_of("/?");
  const std::string_view authority = rest.substr(0, slash);
  if (authority.find('@') != std::string_view::npos)
    refuse("contains a user or a password; give them to the session's authentication");
  read_authority(authority, made.websocket ? (made.secure ? 443 : 80) : 0, made);
  if (slash != std::string_view::npos) made.resource = rest.substr(slash);
  if (!made.websocket && !made.resource.empty() && made.resource != "/")
    refuse("has a path, which RawSocket cannot say");
  if (!made.resource.starts_with('/')) made.resource.insert(0, "/");
  return made;
}

}  // namespace interloop::wamp
