// Prompts and tokenizers that are made to take long or to crash the program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "models/t5/text/prompt_clean.h"
#include "models/t5/text/unicode.h"
#include "models/t5/tokenizer/tokenizer.h"
#include "sora/error.h"
#include "temporary_folder.h"

namespace sora {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string repeated(const std::string& text, std::size_t times) {
  std::string result;
  for (std::size_t i = 0; i < times; ++i) result += text;
  return result;
}

// A Unigram vocabulary with the pieces that a T5 model must have and the letter a.
std::string tokenizer_json(const std::string& more = "") {
  return R"({"model": {"type": "Unigram", "vocab": [["<pad>", 0], ["</s>", 0], ["<unk>", 0], ["▁a", -1], ["a", -2])" +
         more + "]}}";
}

class TokenizerFolder : public TemporaryFolder {
 public:
  explicit TokenizerFolder(const std::string& text, const std::string& config = "") {
    std::ofstream(*this / "tokenizer.json") << text;
    if (!config.empty()) std::ofstream(*this / "tokenizer_config.json") << config;
  }
};

// By swapping neighbours, 600,000 marks would take 9 x 10^10 swaps.
TEST(Nfc, SortsManyMarks) {
  std::u32string text = U"a";
  text += std::u32string(300'000, U'\u0302') + std::u32string(300'000, U'\u0316');
  const std::u32string sorted = nfc(text);
  EXPECT_EQ(sorted.size(), 600'000U);
  EXPECT_EQ(sorted.substr(0, 3), U"\u00e2\u0316\u0316") << "the first circumflex joins the letter";
  EXPECT_EQ(nfc(U"a\u0302\u0316\u0301"), U"\u1ea5\u0316");
  EXPECT_EQ(nfc(U"a\u0316\u0302"), nfc(U"a\u0302\u0316"));
  EXPECT_EQ(nfc(U"\u0302a\u0316 \u0302b"), U"\u0302a\u0316 \u0302b");
}

// Each pass takes one "amp;" off: 200,000 passes over a megabyte.
TEST(PromptClean, EndsOnATextOfManyLayers) {
  EXPECT_THAT(prompt_clean("&" + repeated("amp;", 200'000) + "lt;"), StartsWith("&amp;amp;"));
  EXPECT_EQ(prompt_clean("&amp;amp;amp;lt;b&gt;"), "<b>");
}

TEST(PromptClean, EndsOnMegabytesOfWhatItRepairs) {
  for (const std::string part : {"&", "&#", "&#38;", "\x1b[1", "Ã", "Ã©", "\r", "ﬁ", "&lt", "ⅻ", "â€œ"})
    EXPECT_FALSE(prompt_clean(repeated(part, 1'000'000 / part.size()) + "x").empty()) << part;
}

// Comparing each of 250,000 unknown words with those before it would take 3 x 10^10 comparisons of texts.
TEST(Tokenizer, CountsManyUnknownWords) {
  const TokenizerFolder folder(tokenizer_json());
  const T5Tokenizer tokenizer(folder.path());
  std::string text;
  for (int i = 0; i < 250'000; ++i) text += "w" + std::to_string(i) + " w" + std::to_string(i) + " ";
  EXPECT_EQ(tokenizer.unknown_words(text).size(), 250'000U);
  EXPECT_EQ(tokenizer.encode(repeated("a", 1'000'000), 512).size(), 512U);
}

// Looking for each of 100,000 tokens at each of 300,000 places would take 3 x 10^10 comparisons.
TEST(Tokenizer, FindsOneOfManySpecialTokens) {
  std::string tokens = R"({"additional_special_tokens": [)";
  for (int i = 0; i < 100'000; ++i) tokens += (i ? "," : "") + ("\"<t" + std::to_string(i)) + ">\"";
  const TokenizerFolder folder(tokenizer_json(), tokens + "]}");
  const T5Tokenizer tokenizer(folder.path());
  const auto ids = tokenizer.tokenize("a<t99999>" + repeated("<t", 150'000));
  ASSERT_GT(ids.size(), 2U);
  EXPECT_EQ(ids[0], 3);
  EXPECT_EQ(ids[1], tokenizer.tokenize("<t0>").at(0) + 99'999);
}

std::string error_of(const TokenizerFolder& folder) {
  try {
    const T5Tokenizer tokenizer(folder.path());
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    return error.what();
  }
  return "no error";
}

TEST(Tokenizer, RefusesHostileJsonAsBadData) {
  const std::string deep = std::string(60'000, '[') + std::string(60'000, ']') + "}";
  EXPECT_THAT(error_of(TokenizerFolder("{\"model\":" + deep)),
              HasSubstr("tokenizer.json: is nested over 64 deep"));
  EXPECT_THAT(error_of(TokenizerFolder(tokenizer_json(), "{\"x\":" + deep)),
              HasSubstr("tokenizer_config.json: is nested over 64 deep"));
  EXPECT_THAT(error_of(TokenizerFolder(tokenizer_json(R"(, ["b", 1e999])"))),
              HasSubstr("has the number 1e999"));
  EXPECT_EQ(
      error_of(TokenizerFolder(tokenizer_json(),
                               R"({"model_max_length": 1000000000000000019884624838656, "extra_ids": 1})")),
      "no error");
}

}  // namespace
}  // namespace sora
