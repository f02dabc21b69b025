// Tokenizes texts from stdin; scripts/stress/tokens.py compares the ids with those of transformers.
//
//   tokenize PLACE
//
// PLACE is what T5Tokenizer opens. A text is its length in bytes, a line break and its bytes; the answer to
// each is a line of ids, with the end token.
#include <cstdio>
#include <iostream>
#include <limits>
#include <string>

#include "models/t5/tokenizer/tokenizer.h"
#include "sora/error.h"

int main(int argc, char** argv) try {
  if (argc != 2) {
    std::cerr << "usage: tokenize PLACE\n";
    return 64;
  }
  const sora::T5Tokenizer tokenizer(argv[1]);
  for (std::size_t length = 0; std::cin >> length;) {
    std::cin.get();  // the line break
    std::string text(length, '\0');
    if (!std::cin.read(text.data(), static_cast<std::streamsize>(length))) {
      std::cerr << "stdin ends within a text\n";
      return 65;
    }
    std::string line;
    for (const std::int64_t id : tokenizer.encode(text, std::numeric_limits<std::size_t>::max())) {
      line += std::to_string(id) + ' ';
    }
    line.back() = '\n';
    std::cout << line;
  }
  return 0;
} catch (const sora::Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
