// Mutations that are the same on every machine, for the replay test. libFuzzer has better ones of its own.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace sora::fuzz {

class Mutator {
 public:
  explicit Mutator(std::uint32_t seed) : random_(seed) {}

  std::size_t below(std::size_t count) { return static_cast<std::size_t>(random_()) % count; }

  /// One change; `other` is what pieces are taken from.
  void change(std::string& bytes, const std::string& other) {
    static const std::vector<std::string> pieces{std::string("\0", 1),
                                                 std::string(8, '\0'),
                                                 "\xff",
                                                 std::string(8, '\xff'),
                                                 std::string("\0\0\0\x80", 4),
                                                 "\x7f\xff\xff\xff",
                                                 "0",
                                                 "-1",
                                                 "1e999",
                                                 "18446744073709551616",
                                                 "9223372036854775807",
                                                 "null",
                                                 "true",
                                                 "[]",
                                                 "{}",
                                                 "\"\"",
                                                 ",",
                                                 "\n",
                                                 "\r\n",
                                                 "\t",
                                                 "\"",
                                                 "\\u0000",
                                                 "\xed\xa0\x80",
                                                 "\xef\xbb\xbf",
                                                 "%d"};
    const std::size_t at = below(bytes.size() + 1);
    const std::size_t length = std::min(bytes.size() - at, 1 + below(8));
    switch (below(9)) {
      case 0:
        if (at < bytes.size()) bytes[at] = static_cast<char>(bytes[at] ^ 1 << below(8));
        break;
      case 1:
        if (at < bytes.size()) bytes[at] = static_cast<char>(below(256));
        break;
      case 2:
        if (at < bytes.size()) bytes[at] = static_cast<char>(bytes[at] + (below(2) == 0 ? 1 : -1));
        break;
      case 3:
        bytes.erase(at, length);
        break;
      case 4:
        bytes.insert(at, bytes.substr(at, length));
        break;
      case 5:
        bytes.insert(at, pieces[below(pieces.size())]);
        break;
      case 6:
        bytes.replace(at, length, pieces[below(pieces.size())]);
        break;
      case 7:
        bytes.insert(at, other.substr(below(other.size() + 1), 1 + below(32)));
        break;
      default:
        if (below(4) == 0) bytes.resize(at);
    }
  }

 private:
  std::minstd_rand random_;
};

}  // namespace sora::fuzz
