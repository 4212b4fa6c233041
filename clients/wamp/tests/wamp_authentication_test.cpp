// SPDX-License-Identifier: MIT
// Who joins: signatures by published examples and by what other implementations computed; a key that takes long is made in
// a thread.
#include "../authenticate.hpp"
#include "../base64.hpp"
#include "on_watched_loop.hpp"
#include "played_router.hpp"

#include <interloop/interloop.hpp>

#include <gmock/gmock.h>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace {

using namespace interloop;
using namespace wamp_test;
using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// ---- Authentication, by published examples ----

TEST(wamp_authentication, primitives_are_those_of_their_standards) {
  EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),  // RFC 4231, case 2
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(to_hex(pbkdf2_sha256("passwd", "salt", 1, 64)),  // RFC 7914, section 11
            "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
            "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783");
  EXPECT_EQ(to_hex(pbkdf2_sha256("p4ssw0rd", "1234567890abcdef", 8, 32)),  // autobahn/wamp/test/test_wamp_auth.py
            "f6991a28c75f43751e0d75499fd7b8649f659118ddc1d61cee5883af547d15f5");
  const std::string seed = *from_hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
  EXPECT_EQ(to_hex(ed25519_public(seed)),  // RFC 8032, section 7.1
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  EXPECT_EQ(
      to_hex(ed25519_sign(seed, "")),
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe"
      "24655141438e7a100b");
  for (const char* text : {"", "f", "fo", "foo", "foob", "fooba", "foobar"})
    EXPECT_EQ(from_base64(to_base64(text)), text);
  EXPECT_EQ(to_base64("foob"), "Zm9vYg==");  // RFC 4648, section 10
  for (const char* bad : {"Z", "Zm9vY===", "Zm9v!", "Zm=v", " Zm9v", "Zm9v\n", "Zm9v=", "====", "="})
    EXPECT_EQ(from_base64(bad), std::nullopt) << bad;
}

dict challenge_of(std::string_view text) { return from_json(text).members(); }

std::string signature(authenticator& of, const dict& challenge, dict& extra) {
  const std::optional<derivation> slow = of.derive(challenge);
  return of.sign(challenge, slow ? slow->key() : std::string(), extra);
}

std::string signature(const authentication& who, const dict& challenge) {
  dict extra;
  const auto made = make_authenticator(who);
  made->begin(extra);
  return signature(*made, challenge, extra);
}

TEST(wamp_authentication, by_challenge_signs_the_text_byte_for_byte) {
  // The challenge of the specification's example; the signatures are Autobahn|Python's.
  dict challenge;
  challenge.insert_or_assign(
      "challenge",
      R"({ "nonce": "LHRTC9zeOIrt_9U3", "authprovider": "userdb", "authid": "peter", "timestamp": "2014-06-22T16:36:25.448Z", "authrole": "user", "authmethod": "wampcra", "session": 3251278072152162})");
  EXPECT_EQ(signature(wampcra{"peter", "secret"}, challenge), "Pji30JC9tb/T9tbEwxw5i0RyRa5UVBxuoIVTgT7hnkE=");
  challenge.insert_or_assign("salt", "salt123");
  challenge.insert_or_assign("keylen", 32);
  challenge.insert_or_assign("iterations", 1000);
  EXPECT_EQ(signature(wampcra{"peter", "secret123"}, challenge), "PrROE8YyCpyoBGl9RRom9rRx+EkdSwM5Eo3uump5uwI=");
}

TEST(wamp_authentication, by_cryptosign_is_as_autobahns_examples) {
  EXPECT_EQ(
      signature(cryptosign{"", "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510"},
                challenge_of(R"({"challenge":"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"})")),
      "b32675b221f08593213737bef8240e7c15228b07028e19595294678c90d11c0cae80a357331bfc5cc9fb71081464e6e75013517c2cf067"
      "ad566a6b7b728e5d03ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff");
  EXPECT_EQ(
      signature(cryptosign{"", "d511fe78e23934b3dadb52fcd022974b80bd92bccc7c5cf404e46cc0a8a2f5cd"},
                challenge_of(R"({"challenge":"b26c1f87c13fc1da14997f1b5a71995dff8fbe0a62fae8473c7bdbd05bfb607d"})")),
      "d4209ad10d5aff6bfbc009d7e924795de138a63515efc7afc6b01b7fe5201372190374886a70207b042294af5bd64ce725cd8dceb344e6"
      "d11c09d1aaaf4d660fb26c1f87c13fc1da14997f1b5a71995dff8fbe0a62fae8473c7bdbd05bfb607d");
  EXPECT_THROW(static_cast<void>(make_authenticator(cryptosign{"", "abc"})), usage_error);
}

// ---- SCRAM ----

const char* const client_nonce = "AAECAwQFBgcICQoLDA0ODw==";

/// A router's challenge, as the specification and Crossbar write them.
std::string scram_challenge(const std::string& kdf, int iterations, int memory) {
  return R"({"nonce":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=","kdf":")" + kdf +
         R"(","salt":"c2FsdHNhbHRzYWx0c2FsdA==","iterations":)" + std::to_string(iterations) + R"(,"memory":)" +
         std::to_string(memory) + "}";
}

struct example {
  const char* kdf;
  int iterations;
  int memory;
  const char* proof;
  const char* verifier;
};

void expect(const example& wanted) {
  const auto made = make_scram({"joe", "p4ssw0rd"}, client_nonce);
  dict extra;
  made->begin(extra);
  EXPECT_EQ(extra["nonce"].text(), client_nonce);
  EXPECT_EQ(signature(*made, challenge_of(scram_challenge(wanted.kdf, wanted.iterations, wanted.memory)), extra),
            wanted.proof);
  EXPECT_EQ(extra["nonce"].text(), "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
  for (const char* name : {"scram_server_signature", "verifier"}) {
    EXPECT_NO_THROW(made->check_welcome({{name, wanted.verifier}}));
    EXPECT_THROW(made->check_welcome({{name, "AAAA"}}), connection_error);
  }
}

TEST(wamp_scram, proves_both_sides_by_pbkdf2) {
  // Computed by Python's hashlib.
  expect({"pbkdf2", 4096, 512,
          "+sKtZ7JyogW80fJ+gu/MjmoQGulru8wsBcW4ok2Ez5A=", "dI9hnwLymtE0q2P7jLLXTkBDTps3BrqwUCrQy9QATVk="});
}

TEST(wamp_scram, proves_both_sides_by_argon2_in_the_specifications_way_and_in_autobahns) {
  if (!has_argon2()) GTEST_SKIP() << "built without libargon2";
  // Computed by argon2-cffi 25.1 and hmac: the key is the hash.
  expect({"argon2id13", 4, 64,
          "7jMj1/QZ6Zix5eopwuHilu3LUPC+aWU4Lu5dCgXFU14=", "IgBGSdkzzSYkoY4naV09e4YA0SYQvlu7JM9qi/VZjMI="});
  // Computed by AuthScram of Autobahn|Python 26.10.2: the key is the hash's base64 text.
  expect({"argon2id-13", 4, 64,
          "XuRe8ED/B2feNw8vSXvnzvvl7OkFTQAIW8EuqyO3Kuc=", "9QLJS9f/t5rwHdZuFuetj8vRhu+M5+9FrC3MZE08NQE="});
}

TEST(wamp_scram, has_argon2_as_others_have_it) {
  if (!has_argon2()) GTEST_SKIP() << "built without libargon2";
  EXPECT_EQ(to_hex(argon2id("p4ssw0rd", "1234567890abcdef", 32, 512, 32)),  // autobahn/wamp/test/test_wamp_auth.py
            "ee4a8acf9d5958354fb79a95ae20692d05e42591ba49fae85eb6700e8b0ed293");
  EXPECT_EQ(to_base64(argon2id("pencil", *from_base64("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096, 100, 32)),  // connectanum-dart
            "6AIVIE+fg84WuUMIH3cJilV2H1kpnf4SHlOHTqatIFA=");
  std::string salt;
  for (char each = 0; each < 16; ++each) salt += each;
  EXPECT_EQ(to_hex(argon2id("p\xc3\xa4ssw\xc3\xb6rd \xe2\x9c\x93", salt, 1, 8, 32)),  // argon2-cffi 25.1
            "526de73dc8b75fa3454317e05d33f741f607b8bdd63a56ff4012f542e7d90b97");
}

TEST(wamp_scram, knows_what_autobahn_lets_a_router_keep) {
  if (!has_argon2()) GTEST_SKIP() << "built without libargon2";
  // autobahn/wamp/test/test_wamp_scram.py: derive_scram_credential, of "secret123" and each salt.
  const struct {
    const char* salt;
    const char* stored;
    const char* server;
  } all[] = {{"3bc3ca01dd1d501ca1c22e1c5d7d16fe", "e796c2f0a51770303ee4616bc630a66774d51a55003154aff2a54ec7c4ac0e38",
              "8de7864c316f3c2356fd76cfdab696db55bc70e680fe5180e2f731e2345acca2"},
             {"ae1f0d2f422757809077785e660b62c6", "5f19358ff6f38e267b6ef1ea1d862514ec4e8745a84682259fd3894be09febb5",
              "0d8e7e9222a7c0e54c9e979aa342115699ff5696c45dc379b5ee241338a5861d"}};
  for (const auto& each : all) {
    const derivation slow{derivation::how::argon2id_text, "secret123", *from_hex(each.salt), 4096, 512};
    const std::string key = slow.key();
    EXPECT_EQ(key.size(), 43U);
    EXPECT_EQ(to_hex(sha256(hmac_sha256(key, "Client Key"))), each.stored);
    EXPECT_EQ(to_hex(hmac_sha256(key, "Server Key")), each.server);
  }
}

TEST(wamp_authentication, refuses_challenges_that_are_none_without_naming_the_secret) {
  const auto refused = [](authenticator& by, std::string_view challenge) -> std::string {
    dict extra;
    by.begin(extra);
    try {
      static_cast<void>(signature(by, challenge_of(challenge), extra));
    } catch (const connection_error& why) {
      EXPECT_THAT(why.what(), AllOf(Not(HasSubstr("p4ssw0rd")), Not(HasSubstr("s3cret"))));
      return why.what();
    }
    return "signed";
  };
  const auto scram_refused = [&](const std::string& challenge) {
    return refused(*make_scram({"joe", "p4ssw0rd"}, client_nonce), challenge);
  };
  EXPECT_THAT(scram_refused(R"({"nonce":"x","salt":"","iterations":1})"), HasSubstr("nonce"));
  EXPECT_THAT(scram_refused("{}"), HasSubstr("has no \"iterations\""));
  EXPECT_THAT(scram_refused(scram_challenge("bcrypt", 1, 8)), HasSubstr("\"bcrypt\", which is not supported"));
  EXPECT_THAT(scram_refused(scram_challenge("argon2id-13", 1, 0)), HasSubstr("\"memory\" is not a number from 1"));
  EXPECT_THAT(scram_refused(scram_challenge("argon2id-13", 1, 1024 * 1024 + 1)), HasSubstr("\"memory\" is not"));
  EXPECT_THAT(scram_refused(scram_challenge("argon2id13", 17, 1024 * 1024)), HasSubstr("more than 16777216"));
  if (has_argon2()) {
    EXPECT_THAT(scram_refused(scram_challenge("argon2id13", 1, 1)), HasSubstr("Argon2 refuses"));
  }

  const auto cra = make_authenticator(wampcra{"a", "s3cret"});
  EXPECT_THAT(refused(*cra, R"({"challenge":1})"), HasSubstr("an integer instead of a text"));
  EXPECT_THAT(refused(*cra, R"({"challenge":"x","salt":"y","iterations":2000000000})"), HasSubstr("iterations"));
  EXPECT_THAT(refused(*make_authenticator(cryptosign{"", std::string(64, 'a')}), R"({"challenge":"abc"})"),
              HasSubstr("32 bytes"));
  EXPECT_THAT(refused(*make_authenticator(anonymous{}), "{}"), HasSubstr("anonymous"));
}

TEST(wamp_authentication, says_what_to_do_if_this_build_has_no_argon2) {
  if (has_argon2()) GTEST_SKIP() << "built with libargon2";
  const auto made = make_scram({"joe", "p4ssw0rd"}, client_nonce);
  dict extra;
  try {
    static_cast<void>(signature(*made, challenge_of(scram_challenge("argon2id-13", 1, 8)), extra));
    ADD_FAILURE();
  } catch (const usage_error& why) {
    EXPECT_THAT(why.what(), AllOf(HasSubstr("libargon2-dev"), HasSubstr("pbkdf2"), Not(HasSubstr("p4ssw0rd"))));
  }
}

// ---- Keys that take long ----

class wamp_slow_key : public on_watched_loop {
 protected:
  future<session> begin() {
    session_options options;
    options.authentications = {wampcra{"joe", "s3cret"}};
    auto joining = join_by(async_, std::make_unique<played_transport>(wire_), std::move(options));
    loop_.run_ready();
    EXPECT_THAT(wire_->sent.front(), HasSubstr("[1,"));
    wire_->sent.pop_front();
    return joining;
  }
  void say(std::string_view message) {
    loop_->call_soon([this, message] { wire_->say(message); });
    loop_.run_ready();
  }
  template <class Condition>
  void until(Condition is_true) {
    for (loop_.run_ready(); !is_true(); loop_.run_ready()) std::this_thread::sleep_for(1ms);
  }

  std::shared_ptr<wire> wire_ = std::make_shared<wire>();
};

TEST_F(wamp_slow_key, is_made_elsewhere_and_answers_in_a_later_turn) {
  const auto joining = begin();
  bool at_once = true;
  loop_->call_soon([&] {
    wire_->say(R"([4,"wampcra",{"challenge":"x","salt":"y","iterations":1000,"keylen":32}])");
    at_once = !wire_->sent.empty();
  });
  until([&] { return !wire_->sent.empty(); });
  EXPECT_FALSE(at_once);
  EXPECT_THAT(wire_->sent.front(), HasSubstr("[5,"));
  say(R"([2,7,{}])");
  EXPECT_TRUE(joining.take().joined());
}

TEST_F(wamp_slow_key, may_outlast_the_session_and_the_loop) {
  const auto cancelled = begin();
  say(R"([4,"wampcra",{"challenge":"x","salt":"y","iterations":1000}])");
  EXPECT_TRUE(cancel(cancelled));
  loop_.run_ready();
  EXPECT_TRUE(wire_->gone);

  wire_ = std::make_shared<wire>();
  const auto late = begin();
  say(R"([4,"wampcra",{"challenge":"x","salt":"y","iterations":1000}])");
  loop_.advance(11s);
  EXPECT_TRUE(late.get_failure() && late.get_failure()->is<timeout_error>());
  loop_.advance(3s);
  EXPECT_TRUE(wire_->gone);

  wire_ = std::make_shared<wire>();
  const auto closed = begin();
  say(R"([4,"wampcra",{"challenge":"x","salt":"y","iterations":1000}])");
  loop_->close();
  EXPECT_TRUE(closed.get_failure() && closed.get_failure()->is<loop_closed>());
}

TEST_F(wamp_slow_key, is_waited_for_when_the_process_ends) {
  const auto end_meanwhile = [this] {
    const auto joining = begin();
    say(R"([4,"wampcra",{"challenge":"x","salt":"y","iterations":300000}])");
    std::exit(0);
  };
  EXPECT_EXIT(end_meanwhile(), ::testing::ExitedWithCode(0), "");
}

TEST_F(wamp_slow_key, is_made_once) {
  const auto joining = begin();
  say(R"([4,"wampcra",{"challenge":"x","salt":"y","iterations":1000}])");
  say(R"([4,"wampcra",{"challenge":"x"}])");
  const failure* const why = joining.get_failure();
  ASSERT_TRUE(why && why->is<protocol_error>());
  EXPECT_EQ(why->message(), "the router sent CHALLENGE twice");
  EXPECT_THAT(wire_->sent.back(), HasSubstr("wamp.error.protocol_violation"));
}

TEST_F(wamp_slow_key, fails_the_attempt_to_join_if_it_cannot_be_made) {
  if (!has_argon2()) GTEST_SKIP() << "built without libargon2";
  session_options options;
  options.authentications = {scram{"joe", "p4ssw0rd"}};
  const auto joining = join_by(async_, std::make_unique<played_transport>(wire_), std::move(options));
  loop_.run_ready();
  const std::string nonce = from_json(wire_->sent.front())[2]["authextra"]["nonce"].text();
  const std::string both = to_base64(*from_base64(nonce) + "0123456789abcdef");
  const std::string challenge =
      R"([4,"scram",{"nonce":")" + both + R"(","kdf":"argon2id13","salt":"AAAA","iterations":1,"memory":8}])";
  say(challenge);
  until([&] { return is_called(joining); });
  ASSERT_TRUE(joining.get_failure());
  EXPECT_THAT(std::string(joining.get_failure()->message()), HasSubstr("Argon2 refuses"));
  EXPECT_THAT(wire_->sent.back(), HasSubstr("wamp.error.authentication_failed"));
}

}  // namespace
