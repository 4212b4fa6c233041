// SPDX-License-Identifier: MIT
// The authentication methods, by the specification's section "Authentication".
#include "authenticate.hpp"

#include "base64.hpp"

#include <interloop/wamp/error.hpp>

#include <limits>
#include <utility>

namespace interloop::wamp {

namespace {

/// A part of the router's challenge. Errors: `connection_error` that names it.
const value& part(const dict& challenge, const char* method, const char* name) {
  const auto found = challenge.find(name);
  if (found == challenge.end())
    throw connection_error(std::string("the router's challenge for ") + method + " has no \"" + name + "\"");
  return found->second;
}

std::string text_part(const dict& challenge, const char* method, const char* name) {
  const value& found = part(challenge, method, name);
  if (found.type() != kind::text)
    throw connection_error(std::string("the router's challenge for ") + method + ": \"" + name + "\" is " +
                           name_of(found.type()) + " instead of a text");
  return found.text();
}

/// Of rounds and memory: what no router asks for would keep a thread busy.
int number_part(const dict& challenge, const char* method, const char* name, int most) {
  const value& found = part(challenge, method, name);
  const bool whole = found.type() == kind::integer;
  const double number = whole ? found.real() : -1;
  if (number < 1 || number > most)
    throw connection_error(std::string("the router's challenge for ") + method + ": \"" + name +
                           "\" is not a number from 1 to " + std::to_string(most));
  return static_cast<int>(number);
}

constexpr int most_rounds = 2'000'000;        // of PBKDF2: about a second
constexpr int most_memory = 1024 * 1024;      // KiB
constexpr int most_argon2_work = 16'777'216;  // rounds by KiB: about ten seconds

class anonymous_authenticator final : public authenticator {
 public:
  explicit anonymous_authenticator(anonymous who) : who_(std::move(who)) {}
  std::string method() const override { return "anonymous"; }
  std::string authid() const override { return who_.authid; }
  std::string sign(const dict&, std::string_view, dict&) override {
    throw connection_error("the router sent a challenge for an anonymous session");
  }

 private:
  anonymous who_;
};

class ticket_authenticator final : public authenticator {
 public:
  explicit ticket_authenticator(ticket who) : who_(std::move(who)) {}
  std::string method() const override { return "ticket"; }
  std::string authid() const override { return who_.authid; }
  std::string sign(const dict&, std::string_view, dict&) override { return who_.secret; }

 private:
  ticket who_;
};

class cra_authenticator final : public authenticator {
 public:
  explicit cra_authenticator(wampcra who) : who_(std::move(who)) {}
  std::string method() const override { return "wampcra"; }
  std::string authid() const override { return who_.authid; }
  std::optional<derivation> derive(const dict& challenge) override {
    if (!challenge.contains("salt")) return std::nullopt;
    // The key is the base64 text, as every implementation has it.
    derivation wanted{derivation::how::pbkdf2_text, who_.secret, text_part(challenge, "wampcra", "salt"), 1000};
    if (challenge.contains("iterations"))
      wanted.iterations = number_part(challenge, "wampcra", "iterations", most_rounds);
    if (challenge.contains("keylen"))
      wanted.length = static_cast<std::size_t>(number_part(challenge, "wampcra", "keylen", 1024));
    return wanted;
  }
  std::string sign(const dict& challenge, std::string_view key, dict&) override {
    const std::string text = text_part(challenge, "wampcra", "challenge");
    return to_base64(hmac_sha256(challenge.contains("salt") ? key : who_.secret, text));
  }

 private:
  wampcra who_;
};

/// RFC 5802 with SHA-256, as WAMP writes its messages; without channel binding, whose part of the text is empty then, in
/// Autobahn and Crossbar.
class scram_authenticator final : public authenticator {
 public:
  scram_authenticator(scram who, std::string nonce) : who_(std::move(who)), nonce_(std::move(nonce)) {}
  std::string method() const override { return "scram"; }
  std::string authid() const override { return who_.authid; }

  void begin(dict& extra) override {
    if (nonce_.empty()) nonce_ = to_base64(random_bytes(16));
    extra.insert_or_assign("nonce", nonce_);
  }

  std::optional<derivation> derive(const dict& challenge) override {
    const std::string kdf = challenge.contains("kdf") ? text_part(challenge, "scram", "kdf") : "pbkdf2";
    const int rounds = number_part(challenge, "scram", "iterations", most_rounds);
    if (!continues(text_part(challenge, "scram", "nonce")))
      throw connection_error("the router's challenge for scram does not continue the nonce that was sent");
    auto salt = from_base64(text_part(challenge, "scram", "salt"));
    if (!salt) throw connection_error("the router's challenge for scram: \"salt\" is not base64");
    derivation wanted{derivation::how::pbkdf2, who_.password, std::move(*salt), rounds};
    if (kdf == "pbkdf2") return wanted;
    if (kdf != "argon2id13" && kdf != "argon2id-13")
      throw connection_error("the router wants scram with \"" + kdf +
                             "\", which is not supported; configure \"argon2id-13\" or \"pbkdf2\" for this user");
    // Each of the two names is one way to make the key. The specification's is the hash itself. What Autobahn computes
    // for Crossbar's, and people copy into its configuration, is the hash's text.
    wanted.function = kdf == "argon2id13" ? derivation::how::argon2id : derivation::how::argon2id_text;
    wanted.memory = number_part(challenge, "scram", "memory", most_memory);
    if (rounds > most_argon2_work / wanted.memory)
      throw connection_error("the router's challenge for scram: \"iterations\" times \"memory\" is more than " +
                             std::to_string(most_argon2_work));
    return wanted;
  }

  std::string sign(const dict& challenge, std::string_view salted, dict& extra) override {
    const std::string nonce = text_part(challenge, "scram", "nonce");
    const std::string salt_text = text_part(challenge, "scram", "salt");
    const int rounds = number_part(challenge, "scram", "iterations", most_rounds);
    const std::string client_key = hmac_sha256(salted, "Client Key");
    const std::string text = "n=" + escaped(who_.authid) + ",r=" + nonce_ + ",r=" + nonce + ",s=" + salt_text +
                             ",i=" + std::to_string(rounds) + ",c=,r=" + nonce;
    const std::string signature = hmac_sha256(sha256(client_key), text);
    std::string proof = client_key;
    for (std::size_t i = 0; i < proof.size(); ++i) proof[i] = static_cast<char>(proof[i] ^ signature[i]);
    expected_ = to_base64(hmac_sha256(hmac_sha256(salted, "Server Key"), text));
    extra.insert_or_assign("nonce", nonce);
    extra.insert_or_assign("channel_binding", nullptr);
    extra.insert_or_assign("cbind_data", nullptr);
    return to_base64(proof);
  }

  void check_welcome(const dict& extra) override {
    // The specification and Crossbar have different names for it. A router that sends neither is not refused.
    const auto found = extra.find("verifier");
    const auto other = extra.find("scram_server_signature");
    for (const auto& each : {found, other}) {
      if (each == extra.end() || each->second.type() != kind::text) continue;
      if (each->second.text() != expected_)
        throw connection_error("the router does not prove that it knows the password (scram); it may be an impostor");
    }
  }

 private:
  /// Whether the router's nonce begins with ours, as bytes: in base64, the end of ours differs.
  [[nodiscard]] bool continues(const std::string& nonce) const {
    const auto mine = from_base64(nonce_);
    const auto all = from_base64(nonce);
    return mine && all && all->size() > mine->size() && all->starts_with(*mine);
  }
  /// A name as SCRAM writes it.
  static std::string escaped(const std::string& name) {
    std::string text;
    for (const char each : name) {
      if (each == ',') {
        text += "=2C";
      } else if (each == '=') {
        text += "=3D";
      } else {
        text += each;
      }
    }
    return text;
  }

  scram who_;
  std::string nonce_;
  std::string expected_;
};

class cryptosign_authenticator final : public authenticator {
 public:
  explicit cryptosign_authenticator(const cryptosign& who) : authid_(who.authid) {
    auto seed = from_hex(who.private_key);
    if (!seed || seed->size() != 32)
      throw usage_error("cryptosign: private_key must be 64 hexadecimal digits, the key's seed of 32 bytes");
    seed_ = std::move(*seed);
  }
  std::string method() const override { return "cryptosign"; }
  std::string authid() const override { return authid_; }
  void begin(dict& extra) override { extra.insert_or_assign("pubkey", to_hex(ed25519_public(seed_))); }
  std::string sign(const dict& challenge, std::string_view, dict&) override {
    const auto text = from_hex(text_part(challenge, "cryptosign", "challenge"));
    if (!text || text->size() != 32)
      throw connection_error("the router's challenge for cryptosign is not 32 bytes in hexadecimal digits");
    return to_hex(ed25519_sign(seed_, *text)) + to_hex(*text);
  }

 private:
  std::string authid_;
  std::string seed_;
};

}  // namespace

std::string derivation::key() const {
  switch (function) {
    case how::pbkdf2:
      return pbkdf2_sha256(password, salt, iterations, length);
    case how::pbkdf2_text:
      return to_base64(pbkdf2_sha256(password, salt, iterations, length));
    case how::argon2id:
      return argon2id(password, salt, iterations, memory, length);
    case how::argon2id_text:
      break;
  }
  std::string text = to_base64(argon2id(password, salt, iterations, memory, length));
  text.erase(text.find_last_not_of('=') + 1);
  return text;
}

std::unique_ptr<authenticator> make_scram(const scram& who, std::string nonce) {
  return std::make_unique<scram_authenticator>(who, std::move(nonce));
}

std::unique_ptr<authenticator> make_authenticator(const authentication& who) {
  struct {
    std::unique_ptr<authenticator> operator()(const anonymous& given) const {
      return std::make_unique<anonymous_authenticator>(given);
    }
    std::unique_ptr<authenticator> operator()(const ticket& given) const {
      return std::make_unique<ticket_authenticator>(given);
    }
    std::unique_ptr<authenticator> operator()(const wampcra& given) const {
      return std::make_unique<cra_authenticator>(given);
    }
    std::unique_ptr<authenticator> operator()(const scram& given) const { return make_scram(given, {}); }
    std::unique_ptr<authenticator> operator()(const cryptosign& given) const {
      return std::make_unique<cryptosign_authenticator>(given);
    }
  } const make;
  return std::visit(make, who);
}

}  // namespace interloop::wamp
