// SPDX-License-Identifier: MIT
#include "blocking_program.hpp"

#include "front.hpp"

#include <chrono>
#include <functional>
#include <future>
#include <iostream>
#include <limits>
#include <stdexcept>
#include <string_view>

namespace downloader {
namespace {

/// A visitor with a browser that keeps cookies.
class visitor {
 public:
  visitor(std::string name, const running_server& front) : name_(std::move(name)), client_("127.0.0.1", front.port()) {}

  std::string get(const std::string& path) {
    const auto response = client_.Get(path, cookies_);
    if (!response) throw std::runtime_error("the front does not answer: " + to_string(response.error()));
    if (const std::string set = response->get_header_value("Set-Cookie"); !set.empty())
      cookies_ = {{"Cookie", set.substr(0, set.find(';'))}};
    return response->body;
  }

  void show(const std::string& path) { std::cout << name_ << ": GET " << path << " -> " << get(path); }

  /// Refreshes until the download is over, and shows the last page.
  void show_outcome(const std::string& path) {
    std::string page;
    do page = get(path);
    while (page.starts_with("Download in progress"));
    std::cout << name_ << ": GET " << path << " -> " << page;
  }

 private:
  std::string name_;
  httplib::Client client_;
  httplib::Headers cookies_;
};

/// Serves the page to download. It sends the page when `wait` returns.
void serve_pages(httplib::Server& http, std::function<void()> wait) {
  http.Get("/page", [wait](const httplib::Request&, httplib::Response& response) {
    wait();
    response.set_content("a page from far away", "text/plain");
  });
}

}  // namespace

}  // namespace downloader

// Without arguments, visits its own web front as a browser would and prints the answers. With `serve`, prints the
// front's address and serves until the standard input ends.
int example::blocking_program(int count, char** arguments) {
  using namespace downloader;
  using namespace std::chrono_literals;
  const bool serve = count > 1 && std::string_view(arguments[1]) == "serve";
  std::promise<void> open;
  running_server pages, front;
  sessions kept;
  serve_pages(pages.http, [serve, gate = open.get_future().share()] {
    if (serve) {
      std::this_thread::sleep_for(3s);
    } else {
      gate.wait();
    }
  });
  pages.start();
  serve_front(front.http, kept, pages.port());
  front.start();

  if (serve) {
    std::cout << "http://127.0.0.1:" << front.port() << "/page, until this program's input ends" << std::endl;
    std::cin.ignore(std::numeric_limits<std::streamsize>::max());
    return 0;
  }

  visitor anna("Anna", front), bert("Bert", front);
  anna.show("/page");
  anna.show("/page");
  bert.show("/missing");
  bert.show_outcome("/missing");
  anna.show("/page");
  open.set_value();
  anna.show_outcome("/page");
  return 0;
}
