// SPDX-License-Identifier: MIT
#include "tls.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <interloop/error.hpp>

#include <cerrno>
#include <cstdint>
#include <new>
#include <system_error>

namespace interloop::streams {
namespace {

/// The first entry of OpenSSL's queue of errors, which is emptied.
std::string next_problem(const char* otherwise) {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* const reason = code ? ERR_reason_error_string(code) : nullptr;
  return reason ? reason : otherwise;
}

bool is_numeric(const std::string& host) {
  in6_addr any;
  return ::inet_pton(AF_INET, host.c_str(), &any) == 1 || ::inet_pton(AF_INET6, host.c_str(), &any) == 1;
}

// OpenSSL's own BIO for sockets writes without MSG_NOSIGNAL.
int descriptor_of(BIO* bio) { return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio))); }

int quiet_write(BIO* bio, const char* data, std::size_t size, std::size_t* written) {
  BIO_clear_retry_flags(bio);
  const ssize_t sent = ::send(descriptor_of(bio), data, size, MSG_NOSIGNAL);
  if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) BIO_set_retry_write(bio);
  *written = sent > 0 ? static_cast<std::size_t>(sent) : 0;
  return sent > 0 ? 1 : 0;
}

int quiet_read(BIO* bio, char* into, std::size_t size, std::size_t* got) {
  BIO_clear_retry_flags(bio);
  const ssize_t received = ::recv(descriptor_of(bio), into, size, 0);
  if (received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) BIO_set_retry_read(bio);
  if (received == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  *got = received > 0 ? static_cast<std::size_t>(received) : 0;
  return received > 0 ? 1 : 0;
}

long quiet_control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) ? 1 : 0;
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD* quiet_socket() {
  static BIO_METHOD* const made = [] {
    BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK | BIO_TYPE_DESCRIPTOR, "interloop");
    if (!method) throw std::bad_alloc();
    BIO_meth_set_write_ex(method, &quiet_write);
    BIO_meth_set_read_ex(method, &quiet_read);
    BIO_meth_set_ctrl(method, &quiet_control);
    return method;
  }();
  return made;
}

}  // namespace

tls_settings::tls_settings(const tls_parameters& wanted)
    : native_(SSL_CTX_new(TLS_client_method())), verify_(wanted.verify) {
  if (!native_) throw std::bad_alloc();
  SSL_CTX* const context = native_.get();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(context, verify_ ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  ERR_clear_error();
  const auto require = [](int done, const char* what, const std::string& file) {
    if (done != 1)
      throw usage_error(std::string("tls_options: the ") + what + " cannot be used: " + file + ": " +
                        next_problem("unknown"));
  };
  if (!wanted.authorities.empty()) {
    require(SSL_CTX_load_verify_locations(context, wanted.authorities.c_str(), nullptr), "authorities",
            wanted.authorities);
  } else if (verify_) {
    require(SSL_CTX_set_default_verify_paths(context), "system's authorities", "the default path");
  }
  if (!wanted.certificate.empty())
    require(SSL_CTX_use_certificate_chain_file(context, wanted.certificate.c_str()), "certificate", wanted.certificate);
  if (!wanted.key.empty())
    require(SSL_CTX_use_PrivateKey_file(context, wanted.key.c_str(), SSL_FILETYPE_PEM), "key", wanted.key);
}

void tls_settings::freeing::operator()(ssl_ctx_st* native) const noexcept { SSL_CTX_free(native); }
void tls_settings::freeing::operator()(ssl_st* native) const noexcept { SSL_free(native); }

tls_session::tls_session(const tls_settings& settings, int fd, const std::string& server)
    : native_(SSL_new(settings.native_.get())) {
  if (!native_) throw std::bad_alloc();
  SSL* const session = native_.get();
  if (settings.verify_) {
    if (server.empty())
      throw usage_error(
          "tls_options: set server_name, the name that the server's certificate is for, or verify = false");
    const bool set = is_numeric(server) ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), server.c_str()) == 1
                                        : SSL_set1_host(session, server.c_str()) == 1;
    if (!set) throw std::bad_alloc();
  }
  if (!server.empty() && !is_numeric(server)) SSL_set_tlsext_host_name(session, server.c_str());
  BIO* const bio = BIO_new(quiet_socket());
  if (!bio) throw std::bad_alloc();
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd)));
  BIO_set_init(bio, 1);
  SSL_set_bio(session, bio, bio);
  SSL_set_connect_state(session);
}

tls_session::result tls_session::after(int returned) {
  if (returned > 0) return result::done;
  const int system = errno;
  switch (SSL_get_error(native_.get(), returned)) {
    case SSL_ERROR_WANT_READ:
      return result::wants_read;
    case SSL_ERROR_WANT_WRITE:
      return result::wants_write;
    case SSL_ERROR_ZERO_RETURN:
      return result::closed;
    default:
      break;
  }
  const long verified = SSL_get_verify_result(native_.get());
  if (verified != X509_V_OK && !SSL_is_init_finished(native_.get())) {
    problem_ = std::string("the server's certificate was refused: ") + X509_verify_cert_error_string(verified);
    ERR_clear_error();
    refused_ = true;
  } else if (ERR_peek_error() != 0) {
    problem_ = next_problem("unknown");
    if (problem_ == "unexpected eof while reading") return result::closed;
    refused_ = true;
  } else if (system == 0 || BIO_eof(SSL_get_rbio(native_.get()))) {
    return result::closed;
  } else {
    problem_ = std::system_category().message(system);
  }
  return result::failed;
}

tls_session::result tls_session::shake_hands() {
  errno = 0;
  ERR_clear_error();
  return after(SSL_do_handshake(native_.get()));
}

tls_session::result tls_session::read(char* into, std::size_t most, std::size_t& got) {
  errno = 0;
  ERR_clear_error();
  return after(SSL_read_ex(native_.get(), into, most, &got));
}

tls_session::result tls_session::write(const char* from, std::size_t size, std::size_t& taken) {
  errno = 0;
  ERR_clear_error();
  return after(SSL_write_ex(native_.get(), from, size, &taken));
}

void tls_session::finish() noexcept {
  if (!SSL_is_init_finished(native_.get())) return;
  ERR_clear_error();
  SSL_shutdown(native_.get());
  ERR_clear_error();
}

bool tls_session::holds_data() const noexcept { return SSL_pending(native_.get()) > 0; }

}  // namespace interloop::streams
