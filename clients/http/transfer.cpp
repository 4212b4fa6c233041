// SPDX-License-Identifier: MIT
#include "clients/http/transfer.hpp"

#include "clients/http/session.hpp"
#include "clients/http/text.hpp"

#include <sys/socket.h>
#include <interloop/http/error.hpp>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <new>
#include <utility>

#if LIBCURL_VERSION_NUM < 0x075500
#error "interloop::http needs libcurl 7.85 or later"
#endif

namespace interloop::http {
namespace {

constexpr long unlimited = 2'000'000'000;  // milliseconds

/// Ours comes first, also for a name with several addresses: libcurl divides its limit among them.
long connect_limit_of(duration limit) {
  if (limit <= duration::zero()) return unlimited;
  const auto room = std::chrono::duration_cast<std::chrono::milliseconds>(limit).count() + 1'000;
  return static_cast<long>(std::min<long long>(room, unlimited));
}

void check_lines(const header_list& lines) {
  for (const header& line : lines) {
    if (!is_token(line.name))
      throw usage_error("request: the name of a header consists of letters, digits and !#$%&'*+-.^_`|~; this one has " +
                        std::to_string(line.name.size()) + " bytes, and others among them");
    if (!is_header_value(line.value))
      throw usage_error("request: the value of the header " + line.name + " has a line break or a NUL byte in it");
    if (same_word(line.name, "Content-Length") || same_word(line.name, "Transfer-Encoding"))
      throw usage_error("request: the header " + line.name +
                        " follows from the body; for a stream of known size, set body_size");
  }
}

}  // namespace

// No exception may pass through C code.
struct transfer::hooks {
  static transfer& of(void* handle) noexcept { return *static_cast<easy_handle*>(handle)->now(); }

  static std::size_t line(char* text, std::size_t, std::size_t size, void* self) noexcept {
    transfer& mine = of(self);
    try {
      mine.on_line({text, size});
    } catch (const std::bad_alloc&) {
      mine.refused_ = CURLE_OUT_OF_MEMORY;
    }
    return mine.muted || mine.refused_ != CURLE_OK ? 0 : size;
  }

  static std::size_t body(char* bytes, std::size_t, std::size_t size, void* self) noexcept {
    transfer& mine = of(self);
    if (mine.muted) return 0;
    if (mine.discards_) return size;
    if (mine.streamed && mine.received_.size() >= mine.of->options().stream_buffer) {
      mine.receiving_paused = true;
      return CURL_WRITEFUNC_PAUSE;
    }
    try {
      return mine.on_body({bytes, size}) ? size : 0;
    } catch (const std::bad_alloc&) {
      mine.refused_ = CURLE_OUT_OF_MEMORY;
      return 0;
    }
  }

  static std::size_t read(char* to, std::size_t, std::size_t room, void* self) noexcept {
    transfer& mine = of(self);
    if (mine.unsent_.empty()) {
      if (mine.sends_nothing_more_) return 0;
      mine.sending_paused = true;
      mine.of->touch(mine);
      return CURL_READFUNC_PAUSE;
    }
    const std::size_t taken = std::min(room, mine.unsent_.size() - mine.sent_);
    std::memcpy(to, mine.unsent_.data() + mine.sent_, taken);
    mine.sent_ += taken;
    if (mine.sent_ == mine.unsent_.size()) {
      mine.unsent_.clear();
      mine.sent_ = 0;
    }
    return taken;
  }

  static int lookup(void*, void*, void* self) noexcept {
    transfer& mine = of(self);
    mine.looking_up = true;
    mine.connecting = true;
    mine.connected = false;
    mine.of->touch(mine);
    return 0;
  }

  static curl_socket_t open(void* self, curlsocktype, curl_sockaddr* address) noexcept {
    transfer& mine = of(self);
    mine.looking_up = false;
    if (mine.muted) return CURL_SOCKET_BAD;
    mine.connecting = true;
    mine.connected = false;  // also if it begins again, because a connection that was kept is lost
    mine.of->touch(mine);
    const int made = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (made >= 0) mine.of->opened(made);
    return made;
  }

  static int connected(void* self, char*, char*, int, int) noexcept {
    transfer& mine = of(self);
    mine.looking_up = false;
    if (mine.muted) return CURL_PREREQFUNC_ABORT;
    mine.connected = true;
    if (mine.connecting) {
      mine.connecting = false;
      mine.of->touch(mine);
    }
    return CURL_PREREQFUNC_OK;
  }
};

transfer::transfer(session& made_by, request&& what, bool as_stream)
    : of(&made_by),
      streamed(as_stream),
      asked(std::move(what)),
      to(made_by.taken_apart(asked.url)),
      arrived(made_by.loop().loop()),
      hungry(made_by.loop().loop()),
      redirects_left_(asked.max_redirects.value_or(made_by.options().max_redirects)),
      max_body_(asked.max_body.value_or(made_by.options().max_body)) {
  if (!is_token(asked.method) || asked.method == "CONNECT")
    throw usage_error("request: a method is a word such as GET or POST, and not CONNECT");
  check_lines(asked.headers);
  if (redirects_left_ < 0) throw usage_error("request: max_redirects is negative");
  const auto* stream = std::get_if<byte_stream>(&asked.body);
  if (stream && !*stream)
    throw usage_error("request: the body is an empty byte_stream; call the coroutine that makes one");
  if (asked.body_size && !stream) throw usage_error("request: body_size is for streams; other bodies know their size");
  if (asked.method == "HEAD" && asked.body.index() != 0) throw usage_error("request: HEAD has no body");
}

void transfer::tell_hooks(CURL* native, easy_handle* handle) {
  const auto tell = [native, handle](CURLoption function, auto hook, CURLoption data) {
    if (curl_easy_setopt(native, function, hook) != CURLE_OK ||
        curl_easy_setopt(native, data, static_cast<void*>(handle)) != CURLE_OK)
      throw error("this libcurl has no callback number " + std::to_string(function) + ", which the client needs");
  };
  tell(CURLOPT_HEADERFUNCTION, &hooks::line, CURLOPT_HEADERDATA);
  tell(CURLOPT_WRITEFUNCTION, &hooks::body, CURLOPT_WRITEDATA);
  tell(CURLOPT_READFUNCTION, &hooks::read, CURLOPT_READDATA);
  tell(CURLOPT_RESOLVER_START_FUNCTION, &hooks::lookup, CURLOPT_RESOLVER_START_DATA);
  tell(CURLOPT_OPENSOCKETFUNCTION, &hooks::open, CURLOPT_OPENSOCKETDATA);
  tell(CURLOPT_PREREQFUNCTION, &hooks::connected, CURLOPT_PREREQDATA);
}

void transfer::prepare() {
  easy->begin(*this, connect_limit_of(asked.connect_timeout.value_or(of->options().connect_timeout)));
  choose_lines(choose_method());
}

// Whether there is a body, which may be empty.
bool transfer::choose_method() {
  const std::string& method = asked.method;
  const bool has_body = method == "POST" || method == "PUT" || method == "PATCH";
  if (std::holds_alternative<byte_stream>(asked.body)) {
    easy->set(CURLOPT_UPLOAD, 1L);
    easy->set(CURLOPT_INFILESIZE_LARGE, asked.body_size ? static_cast<curl_off_t>(*asked.body_size) : curl_off_t{-1});
  } else if (const auto* text = std::get_if<std::string>(&asked.body); text || has_body) {
    easy->set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(text ? text->size() : 0));
    easy->set(CURLOPT_POSTFIELDS, text ? text->c_str() : "");
  } else if (method == "HEAD") {
    easy->set(CURLOPT_NOBODY, 1L);
    return false;
  } else {
    if (method != "GET") easy->set(CURLOPT_CUSTOMREQUEST, method.c_str());
    return false;
  }
  easy->set(CURLOPT_CUSTOMREQUEST, method.c_str());
  return true;
}

void transfer::choose_lines(bool sends_body) {
  easy->set_lines(nullptr);
  curl_slist_free_all(std::exchange(lines_, nullptr));
  const auto add = [this](const std::string& line) {
    curl_slist* const longer = curl_slist_append(lines_, line.c_str());
    if (!longer) throw std::bad_alloc();
    lines_ = longer;
  };
  for (const header& line : asked.headers) add(line.value.empty() ? line.name + ";" : line.name + ": " + line.value);
  if (sends_body) {
    // What libcurl adds by itself: a type that may be wrong, and a question that costs a second if it is not answered.
    if (!asked.headers.contains("Content-Type")) add("Content-Type:");
    if (!asked.headers.contains("Expect")) add("Expect:");
  }
  easy->set_lines(lines_);
}

// ---- Receiving ----

bool transfer::refuse(CURLcode code, std::string text) {
  if (refused_ == CURLE_OK) {
    refused_ = code;
    refusal_ = std::move(text);
  }
  return false;
}

void transfer::on_line(std::string_view line) {
  if (line.starts_with("HTTP/")) {  // also after an interim response, such as 103
    head_ = {};
    head_bytes_ = 0;
    head_ends_ = false;
    head_.version = line.starts_with("HTTP/1.0") ? version::http1_0
                    : line.starts_with("HTTP/1") ? version::http1_1
                    : line.starts_with("HTTP/2") ? version::http2
                                                 : version::http3;
    const auto blank = line.find(' ');
    if (blank != std::string_view::npos)
      std::from_chars(line.data() + blank + 1, line.data() + line.size(), head_.status);
  } else if (head_ends_) {
    return;  // what follows the body
  } else if (line == "\r\n" || line == "\n") {
    if (head_.status >= 200 || head_.status == 101) end_head();
    return;
  }
  head_bytes_ += line.size();
  if (head_bytes_ > of->options().max_headers) {
    refuse(CURLE_WRITE_ERROR, "the headers have more than " + std::to_string(of->options().max_headers) + " bytes");
    return;
  }
  if (line.starts_with("HTTP/")) return;
  const auto colon = line.find(':');
  if (head_.headers.empty()) head_.headers.reserve(8);
  if (colon != std::string_view::npos)
    head_.headers.add(std::string(trimmed(line.substr(0, colon))), std::string(trimmed(line.substr(colon + 1))));
}

bool transfer::follows() const {
  const int status = head_.status;
  return redirects_left_ > 0 && head_.headers.contains("Location") &&
         (status == 301 || status == 302 || status == 303 || status == 307 || status == 308);
}

void transfer::end_head() {
  head_ends_ = true;
  head_.url = to->url;
  discards_ = follows();
  if (streamed && !discards_) of->touch(*this);
  const std::string* const length = head_.headers.find("Content-Length");
  std::uint64_t bytes = 0;
  if (streamed || discards_ || asked.method == "HEAD" || head_.status == 304 || !length ||
      std::from_chars(length->data(), length->data() + length->size(), bytes).ec != std::errc())
    return;
  if (bytes > max_body_) {
    refuse(CURLE_FILESIZE_EXCEEDED, "the body has more than " + std::to_string(max_body_) + " bytes");
  } else {
    received_.reserve(std::min<std::size_t>(bytes, 1 << 20));  // more when it has come
  }
}

bool transfer::on_body(std::string_view bytes) {
  if (!streamed && bytes.size() > max_body_ - received_.size())
    return refuse(CURLE_FILESIZE_EXCEEDED, "the body has more than " + std::to_string(max_body_) + " bytes");
  received_ += bytes;
  if (streamed) of->touch(*this);
  return true;
}

bool transfer::redirected() {
  if (!discards_) return false;
  char* where = nullptr;
  curl_easy_getinfo(easy->native(), CURLINFO_REDIRECT_URL, &where);
  const auto refuse_it = [this](CURLcode code, const char* text) { why(code, text).rethrow(); };
  if (!where) refuse_it(CURLE_UNSUPPORTED_PROTOCOL, "it redirects to what is not a URL");
  target next;
  try {
    next = target(where, "redirect");
  } catch (const usage_error&) {
    refuse_it(CURLE_UNSUPPORTED_PROTOCOL, "it redirects to what is not a URL of http or https");
  }
  if (to->encrypted && !next.encrypted)
    refuse_it(CURLE_UNSUPPORTED_PROTOCOL, "it redirects from https to http, which is not followed");
  --redirects_left_;

  const int status = head_.status;
  if ((status == 303 && asked.method != "HEAD") || ((status == 301 || status == 302) && asked.method == "POST")) {
    asked.method = "GET";
    asked.body = std::monostate();
    for (const char* name : {"Content-Type", "Content-Encoding", "Content-Language", "Content-Location"})
      asked.headers.remove(name);
  } else if (stream_begun_) {
    refuse_it(CURLE_SEND_FAIL_REWIND, "it redirects, and a body that is a stream can be sent only once");
  }
  next.given.reset();  // what a server says is not a credential of ours
  if (next.origin != to->origin) {
    left_origin_ = true;
    for (const char* name : {"Authorization", "Cookie", "Proxy-Authorization", "Host"}) asked.headers.remove(name);
  }
  if (!left_origin_) next.given = to->given;
  to = std::make_shared<const target>(std::move(next));
  head_ = {};
  head_ends_ = discards_ = false;
  looking_up = connecting = connected = receiving_paused = sending_paused = false;
  return true;
}

// ---- Sending ----

void transfer::supply(std::string&& piece) {
  stream_begun_ = true;
  supplied_ += piece.size();
  unsent_ = std::move(piece);
  sent_ = 0;
  sending_paused = false;
  if (asked.body_size && supplied_ > *asked.body_size)
    throw usage_error("request: the body's stream gave more bytes than body_size says");
}

void transfer::supply_end() {
  stream_begun_ = true;
  sends_nothing_more_ = true;
  sending_paused = false;
  if (asked.body_size && supplied_ < *asked.body_size)
    throw usage_error("request: the body's stream gave fewer bytes than body_size says");
}

// ---- Errors ----

failure transfer::why(CURLcode code, std::string_view text) const {
  const std::string message = asked.method + " " + to->shown + ": " + std::string(text);
  if (code == CURLE_OPERATION_TIMEDOUT) return create_failure(timeout_error(message));
  return create_failure(http_error(message, code, to->shown));
}

failure transfer::why(CURLcode code) const {
  if (refused_ == CURLE_OUT_OF_MEMORY || code == CURLE_OUT_OF_MEMORY) return create_failure(std::bad_alloc());
  if (refused_ != CURLE_OK) return why(refused_, refusal_);
  return why(code, easy && *easy->complaint() ? easy->complaint() : curl_easy_strerror(code));
}

failure transfer::too_late(const char* what, duration limit_passed) const {
  return why(CURLE_OPERATION_TIMEDOUT,
             std::string(what) + " within " +
                 std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(limit_passed).count()) + " ms");
}

}  // namespace interloop::http
