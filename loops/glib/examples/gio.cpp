// SPDX-License-Identifier: MIT
// GIO's asynchronous functions in a coroutine.
#include <interloop/adapters/glib.hpp>
#include <interloop/glib_task.hpp>
#include <interloop/interloop.hpp>

#include <gio/gio.h>

#include <cstdio>
#include <string>

namespace {

// [in]
interloop::future<std::string> first_bytes(interloop::loop& loop, GFile* file) {
  const auto stream =
      co_await interloop::gio_call(loop, g_file_read_async, g_file_read_finish, file, G_PRIORITY_DEFAULT);
  const auto bytes =
      co_await interloop::gio_call(loop, g_input_stream_read_bytes_async, g_input_stream_read_bytes_finish,
                                   G_INPUT_STREAM(stream.get()), gsize{100}, G_PRIORITY_DEFAULT);
  gsize size = 0;
  const auto* text = static_cast<const char*>(g_bytes_get_data(bytes.get(), &size));
  co_return std::string(text, size);
}
// [/in]

// [general]
interloop::future<std::string> output_of(interloop::loop& loop, GSubprocess* process) {
  return interloop::gio_call<std::string>(
      loop, [process](auto... rest) { g_subprocess_communicate_utf8_async(process, nullptr, rest...); },
      [process](GAsyncResult* result, GError** error) {
        char* text = nullptr;
        g_subprocess_communicate_utf8_finish(process, result, &text, nullptr, error);
        const interloop::glib_ptr<char> mine(text);
        return std::string(text ? text : "");
      });
}
// [/general]

interloop::future<void> show(interloop::loop& loop, GMainLoop* native) {
  GFileIOStream* made = nullptr;
  const interloop::glib_ptr<GFile> file(g_file_new_tmp(nullptr, &made, nullptr));
  const interloop::glib_ptr<GFileIOStream> open(made);
  g_file_replace_contents(file.get(), "from a file\n", 12, nullptr, FALSE, G_FILE_CREATE_NONE, nullptr, nullptr,
                          nullptr);
  std::fputs((co_await first_bytes(loop, file.get())).c_str(), stdout);
  g_file_delete(file.get(), nullptr, nullptr);

  const interloop::glib_ptr<GSubprocess> process(
      g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE, nullptr, "/bin/echo", "from a process", nullptr));
  std::fputs((co_await output_of(loop, process.get())).c_str(), stdout);

  const interloop::glib_ptr<GFile> none(g_file_new_for_path("/nonexistent"));
  try {
    co_await first_bytes(loop, none.get());
  } catch (const interloop::glib_error& error) {
    std::printf("not found: %d\n", error.matches(G_IO_ERROR, G_IO_ERROR_NOT_FOUND));
  }
  g_main_loop_quit(native);
}

}  // namespace

int main() {
  GMainLoop* native = g_main_loop_new(nullptr, FALSE);
  show(interloop::use_glib(nullptr), native);
  g_main_loop_run(native);
  interloop::close();
  g_main_loop_unref(native);
}
