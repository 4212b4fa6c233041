// SPDX-License-Identifier: MIT
#include <interloop/wamp/error.hpp>

#include "uri.hpp"

#include <algorithm>
#include <array>

namespace interloop::wamp {

connection_error::~connection_error() = default;
connection_lost::~connection_lost() = default;
protocol_error::~protocol_error() = default;
join_refused::~join_refused() = default;
value_error::~value_error() = default;
application_error::~application_error() = default;

join_refused::join_refused(std::string uri, const std::string& message)
    : connection_error("the router refuses the session: " + uri + (message.empty() ? "" : " (" + message + ")")),
      uri_(std::make_shared<const std::string>(std::move(uri))) {}

bool join_refused::for_good() const noexcept {
  constexpr std::array<std::string_view, 9> final = {
      "wamp.error.no_such_realm",         "wamp.error.no_such_role",          "wamp.error.no_such_principal",
      "wamp.error.not_authorized",        "wamp.error.no_auth_method",        "wamp.error.no_matching_auth_method",
      "wamp.error.authentication_denied", "wamp.error.authentication_failed", "wamp.error.authorization_denied",
  };
  return std::find(final.begin(), final.end(), *uri_) != final.end();
}

struct application_error::contents {
  std::string uri;
  list args;
  dict kwargs;
  std::string message;
};

namespace {

std::string message_of(const std::string& uri, const list& args) {
  if (args.empty()) return uri;
  return uri + ": " + (args.front().type() == kind::text ? args.front().text() : to_text(args.front()));
}

}  // namespace

application_error::application_error(std::string uri, list args, dict kwargs)
    : application_error(received(), (require_uri(uri, "application_error"), std::move(uri)), std::move(args),
                        std::move(kwargs)) {}

application_error::application_error(received, std::string uri, list args, dict kwargs)
    : application_error([&] {
        std::string message = message_of(uri, args);
        return std::make_shared<const contents>(
            contents{std::move(uri), std::move(args), std::move(kwargs), std::move(message)});
      }()) {}

application_error::application_error(std::shared_ptr<const contents> all)
    : error(all->message), contents_(std::move(all)) {}

const std::string& application_error::uri() const noexcept { return contents_->uri; }
const list& application_error::args() const noexcept { return contents_->args; }
const dict& application_error::kwargs() const noexcept { return contents_->kwargs; }

std::string application_error::traceback() const {
  const auto found = contents_->kwargs.find("traceback");
  if (found == contents_->kwargs.end()) return {};
  if (found->second.type() == kind::text) return found->second.text();
  std::string text;
  if (found->second.type() == kind::list)
    for (const value& line : found->second.elements()) {
      if (line.type() != kind::text) continue;
      text += line.text();
      if (!text.ends_with('\n')) text += '\n';
    }
  return text;
}

}  // namespace interloop::wamp
