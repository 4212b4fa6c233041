// SPDX-License-Identifier: MIT
#include "clients/http/session.hpp"

#include "clients/http/streams.hpp"

#include <unistd.h>
#include <interloop/http/error.hpp>

#include <algorithm>
#include <new>
#include <string>
#include <utility>

namespace interloop::http {
namespace {

constexpr std::size_t most_spare = 128;

// Since 7.84, this is allowed while other threads use libcurl, if it was built so; a program that uses an older build
// calls it before it starts threads.
void require_library() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) throw error(std::string("libcurl: ") + curl_easy_strerror(code));
}

}  // namespace

// No exception may pass through C code.
struct session::hooks {
  static session& of(void* self) noexcept { return *static_cast<session*>(self); }

  static int socket(CURL* easy, curl_socket_t fd, int what, void* self, void*) noexcept {
    session& mine = of(self);
    if (what == CURL_POLL_REMOVE) {
      // libcurl 8 has descriptors that belong to no transfer. One that has made its connection has that one only.
      const easy_handle* const by = easy_handle::of(easy);
      if (by && by->now() && by->now()->connected) {
        mine.rest(fd);
      } else {
        mine.forget(fd);
      }
      return 0;
    }
    mine.want(fd, (what & CURL_POLL_IN ? interest::read : interest::none) |
                      (what & CURL_POLL_OUT ? interest::write : interest::none));
    return 0;
  }

  static int clock(CURLM*, long milliseconds, void* self) noexcept {
    if (milliseconds < 0) {
      of(self).glue_.no_deadline();
    } else {
      of(self).glue_.deadline_in(std::chrono::milliseconds(milliseconds));
    }
    return 0;
  }
};

session::session(const api& loop, client_options options)
    : loop_(loop),
      options_(std::move(options)),
      glue_(loop, {.ready =
                       [this](int fd, interest ready, void*) {
                         if (const watched* const known = find(fd); known && known->rests) return forget(fd);
                         act(fd, (has(ready, interest::read) ? CURL_CSELECT_IN : 0) |
                                     (has(ready, interest::write) ? CURL_CSELECT_OUT : 0));
                       },
                   .expired = [this] { act(CURL_SOCKET_TIMEOUT, 0); },
                   .failed = [this](const failure& why) { lose_all(why); }}) {
  if (options_.max_connections < 0 || options_.max_connections_per_host < 0 || options_.max_redirects < 0)
    throw usage_error("http::client: a limit is negative; zero means none");
  if (!options_.proxy.empty()) proxy_ = target(options_.proxy, "http::client: proxy", true);
  require_library();
  multi_ = curl_multi_init();
  if (!multi_) throw std::bad_alloc();
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &hooks::socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &hooks::clock);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, options_.max_connections);
  curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, options_.max_connections_per_host);
  if (options_.max_connections > 0) curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, options_.max_connections);
}

session::~session() { release(); }

std::shared_ptr<const target> session::taken_apart(const std::string& url) {
  if (!last_target_ || url != last_url_) {
    last_target_ = nullptr;
    last_url_ = url;
    last_target_ = std::make_shared<const target>(url, "request");
  }
  return last_target_;
}

// ---- Calls into libcurl ----

template <class Function>
void session::call(Function&& function) noexcept {
  const auto keep = shared_from_this();
  glue_.call([&] {
    ++depth_;
    CURLMcode code = CURLM_OK;
    if constexpr (std::is_void_v<decltype(function())>) {
      function();
    } else {
      code = function();
    }
    if (depth_ == 1) {
      try {
        if (std::exchange(out_of_memory_, false)) throw std::bad_alloc();
        if (code != CURLM_OK)
          throw http_error(std::string("libcurl: ") + curl_multi_strerror(code), CURLE_FAILED_INIT, "");
        settle();
      } catch (...) {
        lose_all(failure::of(std::current_exception(), std::source_location::current()));
      }
    }
    --depth_;
  });
  if (depth_ == 0 && close_wanted_) close();
}

void session::settle() {
  if (loop_.loop().closed()) return;  // and its futures have failed
  take_messages();
  do {
    while (!touched_.empty()) {
      transfer& next = *touched_.back();
      touched_.pop_back();
      next.touched = false;
      look_at(next);
    }
    take_messages();
  } while (!touched_.empty());
  if (closed_ && all_.empty()) {  // the last lookup has ended
    release();
    lingering_.cancel();
  }
}

void session::take_messages() {
  int left = 0;
  while (const CURLMsg* const message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    ended(*easy_handle::of(message->easy_handle)->now(), code);
  }
}

void session::act(int fd, int events) noexcept {
  call([this, fd, events] {
    int running = 0;
    return curl_multi_socket_action(multi_, fd, events, &running);
  });
}

int session::close_socket(void* self, curl_socket_t fd) noexcept {
  static_cast<session*>(self)->forget(fd);
  return ::close(fd);
}

void session::opened(int fd) noexcept {
  forget(fd);  // whatever had this number is closed
  try {
    if (!find(fd)) sockets_.resize(static_cast<std::size_t>(fd) + 1);
  } catch (const std::bad_alloc&) {  // then it does not rest
  }
}

void session::want(int fd, interest wanted) noexcept {
  if (watched* const known = find(fd)) {
    const bool rested = std::exchange(known->rests, false);
    if (std::exchange(known->wanted, wanted) == wanted && rested) return;
  }
  glue_.want(fd, wanted);
}

void session::forget(int fd) noexcept {
  if (watched* const known = find(fd)) {
    known->wanted = interest::none;
    known->rests = false;
  }
  glue_.forget(fd);
}

void session::rest(int fd) noexcept {
  watched* const known = find(fd);
  if (!known) return glue_.forget(fd);
  try {
    if (!known->listed) rested_.push_back(fd);
    known->listed = known->rests = true;
  } catch (const std::bad_alloc&) {
    forget(fd);
  }
}

// In a turn of its own, because often another request follows.
void session::sweep_soon() noexcept {
  if (rested_.empty() || sweep_.active()) return;
  try {
    sweep_ = loop_.call_later(duration::zero(), [this] {
      if (all_.empty()) sweep();
    });
  } catch (...) {  // short of memory, or the loop was closed
    sweep();
  }
}

void session::sweep() noexcept {
  glue_.call([this] {
    for (const int fd : rested_) {
      watched& known = *find(fd);
      known.listed = false;
      if (known.rests) forget(fd);
    }
    rested_.clear();
  });
}

void session::touch(transfer& from) noexcept {
  if (from.touched) return;
  try {
    touched_.push_back(&from);
    from.touched = true;
  } catch (const std::bad_alloc&) {
    out_of_memory_ = true;
  }
}

// ---- A transfer's way ----

future<response> session::send(request&& what) {
  const auto made = prepared(std::move(what), false);
  auto result = loop_.create_future<response>([weak = std::weak_ptr(made)] {
    if (const auto self = weak.lock(); self && self->of) self->of->drop(*self, nullptr);
  });
  made->whole = result;
  start(made);
  return result;
}

future<streamed_response> session::open(request&& what) {
  const auto made = prepared(std::move(what), true);
  auto result = loop_.create_future<streamed_response>([weak = std::weak_ptr(made)] {
    if (const auto self = weak.lock(); self && self->of) self->of->drop(*self, nullptr);
  });
  made->opened = result;
  start(made);
  return result;
}

std::shared_ptr<transfer> session::prepared(request&& what, bool streamed) {
  if (closed_ || close_wanted_) throw usage_error("http::client: it was closed; make another one");
  if (loop_.loop().closed()) throw loop_closed("http::client: the loop was closed");
  auto made = std::make_shared<transfer>(*this, std::move(what), streamed);
  made->easy = handle();
  made->prepare();
  return made;
}

std::unique_ptr<easy_handle> session::handle() {
  if (spare_.empty()) return std::make_unique<easy_handle>(*this);
  auto used_before = std::move(spare_.back());
  spare_.pop_back();
  return used_before;
}

void session::start(const std::shared_ptr<transfer>& fresh) {
  transfer& mine = *fresh;
  mine.place = all_.size();
  all_.push_back(fresh);
  try {
    start_clock_and_stream(fresh);
  } catch (...) {
    finish(mine, nullptr);
    remove(mine);
    throw;
  }
  call([this, &mine] { return curl_multi_add_handle(multi_, mine.easy->native()); });
}

void session::start_clock_and_stream(const std::shared_ptr<transfer>& fresh) {
  transfer& mine = *fresh;
  const duration limit = mine.asked.timeout.value_or(options_.timeout);
  if (limit > duration::zero())
    mine.limit = loop_.call_later(limit, [this, &mine, limit] {
      const failure why = mine.too_late("no complete response", limit);
      drop(mine, &why);
    });
  if (auto* const stream = std::get_if<byte_stream>(&mine.asked.body))
    mine.pump = pump(loop_, fresh, std::exchange(*stream, {}));
}

void session::look_at(transfer& touched) {
  if (touched.over) {
    if (touched.streamed) touched.arrived.set();
    return;
  }
  if (!touched.connecting) {
    touched.connect_limit.cancel();
  } else if (!touched.connect_limit.active()) {
    const duration limit = touched.asked.connect_timeout.value_or(options_.connect_timeout);
    if (limit > duration::zero())
      touched.connect_limit = loop_.call_later(limit, [this, &touched, limit] {
        const failure why = touched.too_late("no connection", limit);
        drop(touched, &why);
      });
  }
  if (touched.is_hungry()) touched.hungry.set();
  if (!touched.streamed || !touched.has_head()) return;
  if (touched.opened) {
    auto waiting = std::exchange(touched.opened, {});
    if (!is_called(waiting))
      resolve(waiting, streamed_response{touched.head(), read(loop_, reading(touched.shared_from_this()))});
    // If nobody has a handle, this destroys the stream, which drops the transfer: not here.
    loop_.call_soon([waiting = std::move(waiting)] {});
  }
  if (!touched.received().empty()) touched.arrived.set();
}

void session::ended(transfer& from, CURLcode code) {
  curl_multi_remove_handle(multi_, from.easy->native());
  if (from.muted) {
    remove(from);
    return;
  }
  try {
    if (code == CURLE_OK && from.redirected()) {
      if (!std::holds_alternative<byte_stream>(from.asked.body)) stop_sending(from);
      from.connect_limit.cancel();
      if (!from.easy->end()) from.easy = handle();
      from.prepare();
      if (curl_multi_add_handle(multi_, from.easy->native()) != CURLM_OK) throw std::bad_alloc();
      return;
    }
    if (code == CURLE_OK) {
      if (from.streamed && from.opened) look_at(from);
      finish(from, nullptr);
    } else {
      const failure why = from.why(code);
      finish(from, &why);
    }
  } catch (...) {
    const failure why = failure::of(std::current_exception(), std::source_location::current());
    finish(from, &why);
  }
  remove(from);
}

// Gives the transfer its outcome. Without a failure: the response, if there is one; otherwise nobody wants it.
void session::finish(transfer& done, const failure* why) noexcept {
  if (std::exchange(done.over, true)) return;
  const auto keep = done.shared_from_this();
  done.limit.cancel();
  done.connect_limit.cancel();
  stop_sending(done);
  if (why) done.outcome = *why;
  const auto settle_one = [why](auto& waiting, auto value) {
    const auto last = std::exchange(waiting, {});
    if (!last || is_called(last)) return;
    try {
      if (why) {
        reject(last, *why);
      } else {
        value(last);
      }
    } catch (...) {  // no memory for the value
      reject(last);
    }
  };
  if (!loop_.loop().closed()) {
    settle_one(done.whole, [&done](const future<response>& to) {
      if (!done.has_head()) return;
      response whole;
      static_cast<response_head&>(whole) = std::move(done.head());
      whole.body = std::move(done.received());
      resolve(to, std::move(whole));
    });
    settle_one(done.opened, [](const future<streamed_response>&) {});
    done.arrived.set();
  }
  done.whole = {};
  done.opened = {};
}

// What the user's stream does when it is cancelled is the user's: not here.
void session::stop_sending(transfer& done) noexcept {
  done.asked.body = std::monostate();
  if (!done.pump) return;
  auto running = std::exchange(done.pump, {});
  if (loop_.loop().closed() || is_called(running)) return;
  try {
    loop_.call_soon([running] { cancel(running); });
  } catch (const std::bad_alloc&) {
    cancel(running);
  }
}

// The transfer is not libcurl's any more.
void session::remove(transfer& done) noexcept {
  if (done.muted) --muted_;
  if (auto easy = std::move(done.easy); easy && easy->end() && spare_.size() < most_spare) {
    try {
      spare_.push_back(std::move(easy));
    } catch (const std::bad_alloc&) {  // the next transfer makes another one
    }
  }
  if (std::exchange(done.touched, false)) std::erase(touched_, &done);
  done.of = nullptr;
  std::swap(all_[done.place], all_.back());
  all_[done.place]->place = done.place;
  const auto last = std::move(all_.back());
  all_.pop_back();
  if (all_.empty()) sweep_soon();
}

void session::drop(transfer& unwanted, const failure* why) noexcept {
  if (!unwanted.easy || unwanted.muted) return;
  call([this, &unwanted, why] {
    if (!why) {
      unwanted.whole = {};
      unwanted.opened = {};
    }
    finish(unwanted, why);
    if (unwanted.looking_up && !loop_.loop().closed()) {  // removing it would wait for the lookup
      unwanted.muted = true;
      ++muted_;
      curl_easy_setopt(unwanted.easy->native(), CURLOPT_CONNECTTIMEOUT_MS, 2'000'000'000L);
    } else {
      curl_multi_remove_handle(multi_, unwanted.easy->native());
      remove(unwanted);
    }
  });
}

void session::resume(transfer& paused) {
  if (!paused.easy || paused.muted) return;
  call([this, &paused] {
    paused.receiving_paused = paused.receiving_paused && !paused.received().empty();
    const CURLcode code = curl_easy_pause(paused.easy->native(), paused.pauses());
    glue_.deadline_in({});  // libcurl may have the rest already, which no socket announces
    if (code != CURLE_OK) ended(paused, code);
  });
}

// ---- Ends ----

void session::lose_all(const failure& why) noexcept {
  while (in_flight() > 0) {
    transfer* const next = std::find_if(all_.begin(), all_.end(), [](const auto& each) { return !each->muted; })->get();
    drop(*next, &why);
  }
}

void session::close() noexcept {
  if (depth_ > 0) {
    close_wanted_ = true;
    return;
  }
  close_wanted_ = false;
  if (std::exchange(closed_, true)) return;
  const auto keep = shared_from_this();
  ++depth_;
  while (in_flight() > 0) {
    transfer& next = **std::find_if(all_.begin(), all_.end(), [](const auto& each) { return !each->muted; });
    const failure why = next.why(CURLE_ABORTED_BY_CALLBACK, "the client was closed");
    drop(next, &why);
  }
  --depth_;
  if (all_.empty() || loop_.loop().closed()) {
    release();
    return;
  }
  try {
    lingering_ = loop_.call_later(std::chrono::hours(24), [keep] {});
    call([] {});
  } catch (...) {
    release();
  }
}

void session::release() noexcept {
  sweep_.cancel();
  glue_.end();
  if (!multi_) return;
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, nullptr);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, nullptr);
  for (const auto& each : all_) {
    each->over = true;
    each->of = nullptr;
    if (const auto easy = std::move(each->easy)) curl_multi_remove_handle(multi_, easy->native());
  }
  all_.clear();
  touched_.clear();
  muted_ = 0;
  spare_.clear();
  curl_multi_cleanup(std::exchange(multi_, nullptr));
}

}  // namespace interloop::http
