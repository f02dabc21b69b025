// Tokenizes texts from stdin; scripts/stress/tokens.py compares the ids with those of transformers.
//
//   tokenize PLACE [clip]
//
// PLACE is what T5Tokenizer opens, or with `clip` what ClipTokenizer opens. A text is its length in bytes, a
// line break and its bytes; the answer to each is a line of ids, with the end token.
#include <cstdio>
#include <functional>
#include <iostream>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "models/clip/tokenizer/tokenizer.h"
#include "models/t5/tokenizer/tokenizer.h"
#include "sora/error.h"

int main(int argc, char** argv) try {
  const bool clip = argc == 3 && argv[2] == std::string("clip");
  if (argc != 2 && !clip) {
    std::cerr << "usage: tokenize PLACE [clip]\n";
    return 64;
  }
  constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
  std::function<std::vector<std::int64_t>(const std::string&)> encode;
  if (clip) {
    encode = [tokenizer = sora::clip::ClipTokenizer(argv[1])](const std::string& text) {
      return tokenizer.encode(text, kAll);
    };
  } else {
    auto tokenizer = std::make_shared<sora::T5Tokenizer>(argv[1]);
    encode = [tokenizer](const std::string& text) { return tokenizer->encode(text, kAll); };
  }
  for (std::size_t length = 0; std::cin >> length;) {
    std::cin.get();  // the line break
    std::string text(length, '\0');
    if (!std::cin.read(text.data(), static_cast<std::streamsize>(length))) {
      std::cerr << "stdin ends within a text\n";
      return 65;
    }
    std::string line;
    for (const std::int64_t id : encode(text)) line += std::to_string(id) + ' ';
    line.back() = '\n';
    std::cout << line;
  }
  return 0;
} catch (const sora::Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
