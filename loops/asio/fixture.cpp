// SPDX-License-Identifier: MIT
#include "fixture.hpp"

#include "support/loops.hpp"

#include <string>

namespace interloop::test {
namespace {

using testing::conformance::ability;

const std::pair<const ability, std::string> strands_do_not_nest{
    ability::nests, "a strand runs no handler inside another, so a nested run does not reach the loop"};
const std::pair<const ability, std::string> no_native_call{
    ability::calls_natively, "a handler of the io_context runs in any thread, beside the loop's strand"};
const std::pair<const ability, std::string> no_native_watch{
    ability::watches_natively, "a handler of the io_context runs in any thread, beside the loop's strand"};
const std::pair<const ability, std::string> asks_the_loop{
    ability::sleeps, "whether a case is done is asked on the loop's strand, again and again"};

const bool added[] = {
    add_loop({.name = "asio",
              .make = [] { return std::make_unique<on_asio>(ASIO_CONCURRENCY_HINT_DEFAULT); },
              .lacks = {strands_do_not_nest},
              .own = [] { return loop_owner(asio_loop()); }}),
    add_loop({.name = "asio_one_thread",
              .make = [] { return std::make_unique<on_asio_one_thread>(ASIO_CONCURRENCY_HINT_DEFAULT); }}),
    add_conformance({.name = "asio_given_strand",
                     .make =
                         [] {
                           return std::make_unique<on_one_asio_thread>(
                               [](asio::io_context& io) { return asio_loop(asio::make_strand(io)); });
                         },
                     .lacks = {strands_do_not_nest}}),
    add_conformance({.name = "asio_any_executor",
                     .make =
                         [] {
                           return std::make_unique<on_one_asio_thread>([](asio::io_context& io) {
                             return asio_loop(asio::any_io_executor(io.get_executor()));
                           });
                         },
                     .lacks = {strands_do_not_nest}}),
    add_conformance({.name = "asio_several_threads_given_strand",
                     .make = [] { return std::make_unique<on_several_asio_threads>(false); },
                     .lacks = {strands_do_not_nest, no_native_watch, asks_the_loop}}),
    add_conformance({.name = "asio_several_threads",
                     .make = [] { return std::make_unique<on_several_asio_threads>(true); },
                     .lacks = {strands_do_not_nest, no_native_call, no_native_watch, asks_the_loop}}),
};

}  // namespace
}  // namespace interloop::test
