// SPDX-License-Identifier: MIT
#include "websocket_cases.hpp"

#include <algorithm>
#include <functional>

namespace wamp_test {
namespace {

constexpr unsigned fin = 0x80, continued = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10;

/// A message in fragments of that size.
std::string fragments(unsigned opcode, std::string_view message, std::size_t size, std::string_view between = {}) {
  std::string all;
  for (std::size_t at = 0; at < message.size(); at += size) {
    const bool last = at + size >= message.size();
    all += frame((last ? fin : 0) | (at == 0 ? opcode : continued), message.substr(at, size));
    if (!last) all += between;
  }
  return all;
}

class table {
 public:
  explicit table(std::size_t largest) : largest_(largest) {}

  void add(std::string name, bool is_text, std::string bytes, std::string expected) {
    all.push_back({std::move(name), is_text, std::move(bytes), std::move(expected)});
  }
  void framing() {
    for (const std::size_t size : {0U, 125U, 126U, 127U, 128U, 65535U, 65536U}) {
      const std::string message(size, '*');
      add("1.1 text of " + std::to_string(size), true, frame(fin | text, message), "message:" + shown(message));
      add("1.2 binary of " + std::to_string(size), false, frame(fin | binary, message), "message:" + shown(message));
    }
    add("10.1 a long message in fragments", true, fragments(text, std::string(65536, '*'), 1300), "message:(65536)");
    // Lengths that have a shorter form, and one with the highest bit.
    add("RFC 5.2 16-bit length that fits 7 bits", true, std::string("\x81\x7e\0\x05hello", 9), "broken:1002");
    add("RFC 5.2 64-bit length that fits 16 bits", true, std::string("\x81\x7f\0\0\0\0\0\0\0\x05hello", 15),
        "broken:1002");
    add("RFC 5.2 64-bit length of a negative number", true, std::string("\x81\x7f\xff\0\0\0\0\0\0\0", 10),
        "broken:1002");
    add("RFC 5.1 a masked frame from the server", true, frame(fin | text, "hello", true), "broken:1002");
    add("text where binary was negotiated", false, frame(fin | text, "hello"), "broken:1003");
    add("binary where text was negotiated", true, frame(fin | binary, "hello"), "broken:1003");
  }
  void pings() {
    const std::string long_payload(125, '\xfe');
    add("2.1 ping without payload", true, frame(fin | ping, ""), "ping:");
    add("2.2 ping with text", true, frame(fin | ping, "Hello, world!"), "ping:Hello, world!");
    add("2.3 ping with bytes", true, frame(fin | ping, std::string("\0\xff\xfe\xfd\xfc\xfb\0\xff", 8)),
        "ping:" + std::string("\0\xff\xfe\xfd\xfc\xfb\0\xff", 8));
    add("2.4 ping of 125 bytes", true, frame(fin | ping, long_payload), "ping:" + shown(long_payload));
    add("2.5 ping of 126 bytes", true, frame(fin | ping, std::string(126, '\xfe')), "broken:1002");
    add("2.7 pong that nobody asked for", true, frame(fin | pong, "") + frame(fin | pong, "x"), "pong: pong:x");
    add("2.9 pong, then ping", true, frame(fin | pong, "a") + frame(fin | ping, "b"), "pong:a ping:b");
    std::string ten, answers;
    for (int i = 0; i < 10; ++i) {
      ten += frame(fin | ping, std::to_string(i));
      answers += (i ? " ping:" : "ping:") + std::to_string(i);
    }
    add("2.10 ten pings", true, ten, answers);
  }
  void reserved() {
    for (unsigned bits = 1; bits < 8; ++bits) {
      const unsigned rsv = bits << 4;
      const std::string name = "3." + std::to_string(bits) + " reserved bits ";
      add(name + "in text", true, frame(fin | text, "a") + frame(fin | rsv | text, "b") + frame(fin | ping, ""),
          "message:a broken:1002");
      add(name + "in an empty message", false, frame(fin | rsv | binary, ""), "broken:1002");
      add(name + "in a ping", true, frame(fin | rsv | ping, "x"), "broken:1002");
      add(name + "in a close frame", true, frame(fin | rsv | close, close_of(1000)), "broken:1002");
    }
  }
  void opcodes() {
    for (const unsigned opcode : {3U, 4U, 5U, 6U, 7U, 11U, 12U, 13U, 14U, 15U}) {
      const std::string name = "4 opcode " + std::to_string(opcode);
      add(name, true, frame(fin | opcode, ""), "broken:1002");
      add(name + " with payload", true, frame(fin | opcode, "reserved"), "broken:1002");
      add(name + " behind a message", true, frame(fin | text, "a") + frame(fin | opcode, "b") + frame(fin | ping, ""),
          "message:a broken:1002");
    }
  }
  void fragmentation() {
    add("5.1 ping in fragments", true, frame(ping, "a") + frame(fin | continued, "b"), "broken:1002");
    add("5.2 pong in fragments", true, frame(pong, "a") + frame(fin | continued, "b"), "broken:1002");
    add("7.3 close in fragments", true, frame(close, close_of(1000)) + frame(fin | continued, "b"), "broken:1002");
    add("5.3 two fragments", true, frame(text, "a") + frame(fin | continued, "b"), "message:ab");
    add("5.6 ping between fragments", true, fragments(text, "abc", 1, frame(fin | ping, "p")),
        "ping:p ping:p message:abc");
    add("5.9 continuation of nothing", true, frame(fin | continued, "a") + frame(fin | text, "b"), "broken:1002");
    add("5.12 continuation of nothing, not the last", true, frame(continued, "a") + frame(fin | text, "b"),
        "broken:1002");
    add("5.10 continuation behind a message", true, frame(fin | text, "a") + frame(fin | continued, "b"),
        "message:a broken:1002");
    add("5.15 continuation behind fragments", true,
        fragments(text, "ab", 1) + frame(continued, "c") + frame(fin | text, "d"), "message:ab broken:1002");
    add("5.18 a message inside of another one", true, frame(text, "a") + frame(fin | text, "b"), "broken:1002");
    add("5.19 fragments and pings", true,
        frame(text, "a") + frame(continued, "b") + frame(fin | ping, "p") + frame(continued, "c") +
            frame(fin | ping, "q") + frame(fin | continued, "d"),
        "ping:p ping:q message:abcd");
    add("empty fragments", true, frame(text, "") + frame(continued, "") + frame(fin | continued, ""), "message:");
    add("6.1.3 an empty first fragment", true, frame(text, "") + frame(continued, "a") + frame(fin | continued, ""),
        "message:a");
    add("a close frame between fragments", true, frame(text, "a") + frame(fin | close, close_of(1000)), "close:1000");
  }
  void utf8() {
    const std::string kosme = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";
    add("6.2.1 valid", true,
        frame(fin | text, "Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!"),
        "message:Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!");
    add("6.2.3 valid, in fragments of one byte", true, fragments(text, kosme, 1), "message:" + kosme);
    add("6.3.1 invalid", true, frame(fin | text, kosme + "\xed\xa0\x80" + "edited"), "broken:1007");
    add("6.3.2 invalid, in fragments of one byte", true, fragments(text, kosme + "\xed\xa0\x80" + "edited", 1),
        "broken:1007");
    add("6.4.1 invalid in the first of many fragments: no later one is waited for", true,
        frame(text, kosme + "\xf4\x90\x80\x80"), "broken:1007");
    add("6.4.3 invalid, and the frame is not complete", true,
        frame(fin | text, kosme + "\xf4\x90\x80\x80" + "edited").substr(0, 20), "broken:1007");
    add("6.6.1 ends within a character", true, frame(fin | text, kosme.substr(0, 1)), "broken:1007");
    add("6.6.4 ends within a character of three bytes", true, frame(fin | text, kosme.substr(0, 4)), "broken:1007");
    add("any bytes are fine in binary", false, frame(fin | binary, "\xff\xfe\xed\xa0\x80"),
        "message:\xff\xfe\xed\xa0\x80");
    for (const std::string each :
         {"\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
          "\xf4\x8f\xbf\xbf",  // limits
          "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbd", "\xef\xbf\xbe", "\xf0\x9f\xbf\xbe", "\xf3\xaf\xbf\xbf"})
      add("6.7 to 6.23 valid, of " + std::to_string(each.size()), true, frame(fin | text, each), "message:" + each);
    for (const std::string each : {"\x80",
                                   "\xbf",
                                   "\x80\xbf",
                                   "\xc0 ",
                                   "\xe0 ",
                                   "\xf0 ",
                                   "\xf8 ",
                                   "\xfc ",  // lone bytes
                                   "\xc0",
                                   "\xe0\x80",
                                   "\xf0\x80\x80",
                                   "\xf8\x80\x80\x80",
                                   "\xdf",
                                   "\xef\xbf",  // incomplete
                                   "\xfe",
                                   "\xff",
                                   "\xfe\xfe\xff\xff",  // impossible
                                   "\xc0\xaf",
                                   "\xe0\x80\xaf",
                                   "\xf0\x80\x80\xaf",
                                   "\xc1\xbf",
                                   "\xe0\x9f\xbf",  // overlong
                                   "\xf0\x8f\xbf\xbf",
                                   "\xf8\x87\xbf\xbf\xbf",
                                   "\xfc\x83\xbf\xbf\xbf\xbf",
                                   "\xc0\x80",  //
                                   "\xf8\x88\x80\x80\x80",
                                   "\xf7\xbf\xbf\xbf",
                                   "\xf4\x90\x80\x80",  // too large
                                   "\xed\xa0\x80",
                                   "\xed\xad\xbf",
                                   "\xed\xbf\xbf",
                                   "\xed\xa0\x80\xed\xb0\x80"})  // surrogates
      add("6.8 to 6.21 invalid, of " + std::to_string(each.size()), true, frame(fin | text, each), "broken:1007");
  }
  void closing() {
    add("7.1.1 message, then close", true, frame(fin | text, "a") + frame(fin | close, close_of(1000)),
        "message:a close:1000");
    add("7.1.3 nothing is heard behind a close frame", true,
        frame(fin | close, close_of(1000)) + frame(fin | ping, "x") + frame(fin | text, "y"), "close:1000");
    add("7.3.1 close without payload", true, frame(fin | close, ""), "close:1005");
    add("7.3.2 close with half a code", true, frame(fin | close, "a"), "broken:1002");
    add("7.3.4 close with a reason", true, frame(fin | close, close_of(1000, "Hello World!")),
        "close:1000 Hello World!");
    const std::string longest(123, '*');
    add("7.3.5 close with the longest reason", true, frame(fin | close, close_of(1000, longest)), "close:1000 (123)");
    add("7.3.6 close with a reason that is too long", true, frame(fin | close, close_of(1000, longest + "*")),
        "broken:1002");
    add("7.5.1 close with a reason that is not UTF-8", true, frame(fin | close, close_of(1000, "\xce\xba\xed\xa0\x80")),
        "broken:1007");
    add("close with a reason that ends within a character", true, frame(fin | close, close_of(1000, "\xce")),
        "broken:1007");
    for (const unsigned code : {1000U, 1001U, 1002U, 1003U, 1007U, 1008U, 1009U, 1010U, 1011U, 1012U, 1013U, 1014U,
                                3000U, 3999U, 4000U, 4999U})
      add("7.7 close code " + std::to_string(code), true, frame(fin | close, close_of(code)),
          "close:" + std::to_string(code));
    for (const unsigned code : {0U, 999U, 1004U, 1005U, 1006U, 1015U, 1016U, 1100U, 2000U, 2999U, 5000U, 65535U})
      add("7.9 and 7.13 close code " + std::to_string(code), true, frame(fin | close, close_of(code)), "broken:1002");
  }
  void limits() {
    const std::string most(largest_, '*');
    add("9 the longest message", false, frame(fin | binary, most), "message:" + shown(most));
    add("9 the longest message in fragments", false, fragments(binary, most, 4096), "message:" + shown(most));
    add("9 two of them", false, frame(fin | binary, most) + frame(fin | binary, "x"),
        "message:" + shown(most) + " message:x");
    add("9 a message that is too long", false, frame(fin | binary, most + "*"), "broken:1009");
    add("9 fragments that are too long together", false, frame(binary, most) + frame(fin | continued, "*"),
        "broken:1009");
    add("9 a length that would not fit into memory", false,
        std::string("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff*", 11), "broken:1009");
  }

  std::vector<websocket_case> all;

 private:
  std::size_t largest_;
};

}  // namespace

std::string frame(unsigned first, std::string_view payload, bool masked) {
  std::string made{static_cast<char>(first)};
  const unsigned mask = masked ? 0x80 : 0;
  const std::uint64_t size = payload.size();
  const int bytes = size < 126 ? 0 : size < 65536 ? 2 : 8;
  made += static_cast<char>(mask | (bytes == 0 ? static_cast<unsigned>(size) : bytes == 2 ? 126U : 127U));
  for (int i = bytes; i-- > 0;) made += static_cast<char>(size >> 8 * i & 0xff);
  if (masked) made += std::string(4, '\0');
  return made.append(payload);
}

std::string close_of(unsigned code, std::string_view reason) {
  return std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)}.append(reason);
}

std::string shown(std::string_view payload) {
  return payload.size() > 100 ? "(" + std::to_string(payload.size()) + ")" : std::string(payload);
}

std::vector<websocket_case> websocket_cases(std::size_t largest) {
  table made(largest);
  made.framing();
  made.pings();
  made.reserved();
  made.opcodes();
  made.fragmentation();
  made.utf8();
  made.closing();
  made.limits();
  return std::move(made.all);
}

}  // namespace wamp_test
