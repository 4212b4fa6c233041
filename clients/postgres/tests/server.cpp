// SPDX-License-Identifier: MIT
#include "server.hpp"

#include <glob.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

using test_servers::listen_on_free_port;
using test_servers::succeeds;

namespace {

/// The folder with the newest server's programs, or nothing.
std::string programs() {
  glob_t found{};
  std::string best;
  int newest = 0;
  if (::glob("/usr/lib/postgresql/*/bin/initdb", 0, nullptr, &found) == 0)
    for (std::size_t i = 0; i < found.gl_pathc; ++i) {
      const std::filesystem::path folder = std::filesystem::path(found.gl_pathv[i]).parent_path();
      const int version = std::atoi(folder.parent_path().filename().c_str());
      if (version > newest) {
        newest = version;
        best = folder.string();
      }
    }
  ::globfree(&found);
  return best;
}

/// Whom the server runs as, if this is root.
std::string other_user() {
  if (::geteuid() != 0) return {};
  return ::getpwnam("postgres") ? "postgres" : "nobody";
}

std::string text_of(const std::string& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

bool postgres_server::available() { return !programs().empty(); }

postgres_server& postgres_server::shared() {
  static postgres_server one;
  return one;
}

postgres_server::postgres_server() : port_(free_port()) {
  const std::string user = other_user();
  if (const passwd* owner = user.empty() ? nullptr : ::getpwnam(user.c_str());
      owner && ::chown(folder_.path().c_str(), owner->pw_uid, owner->pw_gid) != 0)
    throw std::runtime_error("cannot give a folder to another user");
  const std::string log = folder_.file("log"), data = folder_.file("data"), bin = programs();
  how_ = {log, user, SIGQUIT};
  // As the server's own user: what is in the folder belongs to it.
  if (!succeeds({bin + "/initdb", "-D", data, "-U", "tester", "--auth=trust", "-N", "-E", "UTF8", "--no-locale"}, how_))
    throw std::runtime_error("initdb failed: " + text_of(log));
  with_tls_ = true;
  for (const char* each : {"server", "other"})
    with_tls_ =
        with_tls_ &&
        succeeds({"/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                  "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                  folder_.file(std::string(each) + ".key"), "-out", folder_.file(std::string(each) + ".crt")},
                 how_);
  const std::string rules = data + "/pg_hba.conf", all = text_of(rules);
  std::ofstream(rules) << "host all guarded 127.0.0.1/32 scram-sha-256\n" << all;
  words_ = {bin + "/postgres", "-D", data, "-k", folder_.path(), "-p", std::to_string(port_)};
  for (const std::string& setting :
       {std::string("listen_addresses=127.0.0.1"), std::string("fsync=off"), std::string("shared_buffers=16MB"),
        std::string("max_connections=50"), std::string("autovacuum=off"),
        std::string("ssl=") + (with_tls_ ? "on" : "off"), "ssl_cert_file=" + folder_.file("server.crt"),
        "ssl_key_file=" + folder_.file("server.key")}) {
    words_.emplace_back("-c");
    words_.push_back(setting);
  }
  start();
  if (!runs("CREATE ROLE guarded LOGIN PASSWORD 'Pa55word-of-guarded'; CREATE TABLE scratch (id int, name text)"))
    throw std::runtime_error("PostgreSQL refuses a statement: " + text_of(log));
}

bool postgres_server::runs(const std::string& statements) const {
  return succeeds({programs() + "/psql", "-q", "-h", folder_.path(), "-p", std::to_string(port_), "-U", "tester", "-d",
                   "postgres", "-v", "ON_ERROR_STOP=1", "-c", statements},
                  how_);
}

void postgres_server::start() {
  process_ = test_servers::server_process(words_, how_);
  try {
    process_.wait_until([this] { return test_servers::accepts(port_) && runs("SELECT"); }, 60);
  } catch (const std::runtime_error& why) {
    throw std::runtime_error(std::string("PostgreSQL: ") + why.what() + ": " + text_of(how_.log));
  }
}

std::string postgres_server::local() const {
  return "host=" + folder_.path() + " port=" + std::to_string(port_) + " user=tester dbname=postgres";
}
std::string postgres_server::tcp() const {
  return "host=127.0.0.1 port=" + std::to_string(port_) + " user=tester dbname=postgres";
}

odd_server::odd_server(std::string answer) : socket_(listen_on_free_port(port_)) {
  thread_ = std::thread([this, answer = std::move(answer)] {
    const int client = test_servers::accept_next(socket_);
    char heard[4096];
    const auto say = [client](std::string_view what) {
      static_cast<void>(::send(client, what.data(), what.size(), MSG_NOSIGNAL));
    };
    using namespace std::string_view_literals;
    if (::recv(client, heard, sizeof heard, 0) > 0) {
      say("R\0\0\0\x08\0\0\0\0"sv);              // authenticated
      say("K\0\0\0\x0c\0\0\0\x01\0\0\0\x02"sv);  // the key for cancelling
      say("S\0\0\0\x16"
          "server_version\0"
          "15\0"sv);          // as parameters are reported
      say("Z\0\0\0\x05I"sv);  // ready
      if (::recv(client, heard, sizeof heard, 0) > 0) say(answer);
      while (::recv(client, heard, sizeof heard, 0) > 0) {
      }
    }
    ::close(client);
  });
}

odd_server::~odd_server() {
  ::shutdown(socket_, SHUT_RDWR);  // if nobody has connected
  thread_.join();
  ::close(socket_);
}
