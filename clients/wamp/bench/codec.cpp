// SPDX-License-Identifier: MIT
// What does it cost to write and read the messages of a call, beside msgpack-cxx by hand? And a call as a whole, without a
// network: the future, the table of what is pending, both messages; and how many bytes a pending call takes.
#include "clients/wamp/message.hpp"
#include "clients/wamp/session_core.hpp"
#include "clients/wamp/transport.hpp"
#include "clients/wamp/transport/rawsocket_frames.hpp"

#include <interloop/interloop.hpp>
#include <interloop/testing/manual_loop.hpp>
#include <interloop/wamp.hpp>

#include <benchmark/benchmark.h>

#define MSGPACK_NO_BOOST
#include <malloc.h>
#include <cstdint>
#include <memory>
#include <msgpack.hpp>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace {

using namespace interloop;

const std::string procedure = "com.example.sensors.height";
const std::string unit = "metres above the sea";
using answer = std::tuple<std::int64_t, std::string, double>;

void require(bool right) {
  if (!right) throw std::runtime_error("the message is wrong");
}

// ---- CALL ----

void write_call(wamp::writer& to, std::uint64_t id) {
  to.clear();
  to.begin_list(5);
  to.natural(48);
  to.natural(id);
  to.begin_map(0);
  to.end_map();
  to.text(procedure);
  to.begin_list(3);
  wamp::detail::write(to, 42);
  wamp::detail::write(to, unit);
  wamp::detail::write(to, 2.5);
  to.end_list();
  to.end_list();
}

void pack_call(msgpack::sbuffer& to, std::uint64_t id) {
  msgpack::packer<msgpack::sbuffer> pack(to);
  pack.pack_array(5);
  pack.pack(48);
  pack.pack(id);
  pack.pack_map(0);
  pack.pack(procedure);
  pack.pack_array(3);
  pack.pack(42);
  pack.pack(unit);
  pack.pack(2.5);
}

void encode_call(benchmark::State& state) {
  wamp::writer to(wamp::serializer::msgpack);
  msgpack::sbuffer theirs;
  write_call(to, 1'000'000);
  pack_call(theirs, 1'000'000);
  require(to.view() == std::string_view(theirs.data(), theirs.size()));
  std::uint64_t id = 1'000'000;
  for (auto _ : state) {
    write_call(to, ++id);
    benchmark::DoNotOptimize(to.view().data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(encode_call);

void encode_call_by_msgpack_cxx(benchmark::State& state) {
  msgpack::sbuffer to;
  std::uint64_t id = 1'000'000;
  for (auto _ : state) {
    to.clear();
    pack_call(to, ++id);
    benchmark::DoNotOptimize(to.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(encode_call_by_msgpack_cxx);

// ---- RESULT ----

std::string result_bytes(std::uint64_t id) {
  wamp::writer to(wamp::serializer::msgpack);
  to.begin_list(4);
  to.natural(50);
  to.natural(id);
  to.begin_map(0);
  to.begin_list(3);
  wamp::detail::write(to, 42);
  wamp::detail::write(to, unit);
  wamp::detail::write(to, 2.5);
  return std::string(to.view());
}

void decode_result(benchmark::State& state) {
  const std::string bytes = result_bytes(1'000'000);
  for (auto _ : state) {
    const wamp::message got = wamp::read_message(wamp::serializer::msgpack, bytes);
    const auto read = wamp::detail::read_result<answer>(got.body);
    require(std::get<0>(read) == 42 && got.ids[0] == 1'000'000);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(decode_result);

void decode_result_by_msgpack_cxx(benchmark::State& state) {
  const std::string bytes = result_bytes(1'000'000);
  for (auto _ : state) {
    const msgpack::object_handle handle = msgpack::unpack(bytes.data(), bytes.size());
    const auto got = handle->as<std::tuple<int, std::uint64_t, msgpack::object, msgpack::object>>();
    const auto read = std::get<3>(got).as<answer>();
    require(std::get<0>(read) == 42 && std::get<1>(got) == 1'000'000);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(decode_result_by_msgpack_cxx);

// ---- Both, in frames of RawSocket: what goes through the socket ----

constexpr std::size_t header = 4;

/// A message's frame, with its length in the header's last three bytes.
std::string frame(std::string_view message) {
  std::string made(header, '\0');
  for (std::size_t i = 1; i < header; ++i) made[i] = static_cast<char>(message.size() >> 8 * (header - 1 - i));
  return made.append(message);
}

void rawsocket_call(benchmark::State& state) {
  wamp::writer to(wamp::serializer::msgpack);
  streams::bytes out;
  wamp::rawsocket::reader in(std::size_t{1} << 24U);
  const std::string comes = frame(result_bytes(1'000'000));
  std::uint64_t id = 1'000'000;
  for (auto _ : state) {
    write_call(to, ++id);
    wamp::rawsocket::append(out, wamp::rawsocket::kind::message, to.view());
    benchmark::DoNotOptimize(out.view().data());
    out.consume(out.size());
    in.feed(comes.data(), comes.size());
    require(in.next() == wamp::rawsocket::reader::event::message);
    const wamp::message got = wamp::read_message(wamp::serializer::msgpack, in.payload());
    const auto read = wamp::detail::read_result<answer>(got.body);
    require(std::get<0>(read) == 42 && got.ids[0] == 1'000'000);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(rawsocket_call);

void rawsocket_call_by_msgpack_cxx(benchmark::State& state) {
  msgpack::sbuffer to;
  const std::string comes = frame(result_bytes(1'000'000));
  std::uint64_t id = 1'000'000;
  for (auto _ : state) {
    to.clear();
    to.write("\0\0\0", header);
    pack_call(to, ++id);
    for (std::size_t i = 1; i < header; ++i)
      to.data()[i] = static_cast<char>((to.size() - header) >> 8 * (header - 1 - i));
    benchmark::DoNotOptimize(to.data());
    std::size_t size = 0;
    for (std::size_t i = 1; i < header; ++i) size = size << 8U | static_cast<unsigned char>(comes[i]);
    require(comes[0] == 0 && size == comes.size() - header);
    const msgpack::object_handle handle = msgpack::unpack(comes.data() + header, size);
    const auto got = handle->as<std::tuple<int, std::uint64_t, msgpack::object, msgpack::object>>();
    const auto read = std::get<3>(got).as<answer>();
    require(std::get<0>(read) == 42 && std::get<1>(got) == 1'000'000);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(rawsocket_call_by_msgpack_cxx);

// ---- A call as a whole ----

/// Drops what is sent.
class nowhere final : public wamp::transport {
 public:
  explicit nowhere(wamp::transport_listener*& to) : to_(to) {}
  wamp::serializer format() const noexcept override { return wamp::serializer::msgpack; }
  void send(std::string_view message) override { benchmark::DoNotOptimize(message.data()); }
  std::size_t unsent() const noexcept override { return 0; }
  std::size_t largest() const noexcept override { return std::size_t{1} << 24U; }
  void close() noexcept override {}
  void listen(wamp::transport_listener& to) override { to_ = &to; }

 private:
  wamp::transport_listener*& to_;
};

wamp::session joined(testing::manual_loop& loop, wamp::transport_listener*& to) {
  const auto joining = wamp::join_by(api(*loop), std::make_unique<nowhere>(to), {});
  wamp::writer welcome(wamp::serializer::msgpack);
  welcome.begin_list(3);
  welcome.natural(2);
  welcome.natural(7);
  welcome.begin_map(0);
  to->on_message(welcome.view());
  loop.run_ready();
  return joining.take();
}

void call(benchmark::State& state) {
  testing::manual_loop loop;
  wamp::transport_listener* to = nullptr;
  const wamp::session session = joined(loop, to);
  std::uint64_t id = 0;
  for (auto _ : state) {
    const auto pending = session.call<answer>(procedure, 42, unit, 2.5);
    to->on_message(result_bytes(++id));
    require(std::get<0>(pending.take()) == 42);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(call);

/// Of calls that wait for their results, futures included; not of the messages that wait to be sent.
void bytes_of_a_pending_call(benchmark::State& state) {
  constexpr std::size_t count = 100'000;
  double bytes = 0;
  for (auto _ : state) {
    testing::manual_loop loop;
    wamp::transport_listener* to = nullptr;
    const wamp::session session = joined(loop, to);
    std::vector<future<answer>> pending;
    pending.reserve(count);
    const std::size_t before = ::mallinfo2().uordblks + ::mallinfo2().hblkhd;
    for (std::size_t i = 0; i < count; ++i) pending.push_back(session.call<answer>(procedure, 42, unit, 2.5));
    bytes = static_cast<double>(::mallinfo2().uordblks + ::mallinfo2().hblkhd - before) / count;
    state.PauseTiming();
    for (const auto& each : pending) cancel(each);
    pending.clear();
    loop.run_ready();
    state.ResumeTiming();
  }
  state.counters["bytes"] = bytes;
}
BENCHMARK(bytes_of_a_pending_call)->Iterations(1);

}  // namespace
