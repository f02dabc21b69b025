#include "models/clip/tokenizer/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "error_of.h"
#include "file_contents.h"
#include "places.h"
#include "sora/error.h"
#include "temporary_folder.h"

namespace sora::clip {
namespace {

namespace fs = std::filesystem;
const fs::path kData = test_data() / "clip_text";

class ClipTokenGoldens : public testing::TestWithParam<const char*> {};

// files: vocab.json and merges.txt; json: the same in a tokenizer.json; unknown: without pieces for some
// bytes, and <|startoftext|> only as it is written.
INSTANTIATE_TEST_SUITE_P(Folders, ClipTokenGoldens, testing::Values("files", "json", "unknown"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(ClipTokenGoldens, IdsAreThoseOfTransformers) {
  const auto golden = nlohmann::json::parse(contents(kData / "tokens.json"));
  const auto& expected = golden["ids"][GetParam()];
  const ClipTokenizer tokenizer(kData / "tokenizers" / GetParam());
  ASSERT_EQ(expected.size(), golden["texts"].size());
  ASSERT_GT(expected.size(), 200u);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto text = golden["texts"][i].get<std::string>();
    EXPECT_EQ(tokenizer.encode(text, 77), expected[i].get<std::vector<std::int64_t>>())
        << text.substr(0, 200);
  }
}

TEST(ClipTokenizer, LaterMarksOfUnicodeStayWhereTheyAre) {
  const ClipTokenizer tokenizer(kData / "tokenizers/files");
  // U+08D3 (Unicode 11) is of class 220 and U+0301 of class 230; U+0323 is of class 220 and older.
  EXPECT_NE(tokenizer.tokenize("\u0301\u08D3"), tokenizer.tokenize("\u08D3\u0301"));
  EXPECT_EQ(tokenizer.tokenize("\u0301\u0323"), tokenizer.tokenize("\u0323\u0301"));
}

TEST(ClipTokenizer, CutsOffAtTheLengthAndSaysHowMuch) {
  const ClipTokenizer tokenizer(kData / "tokenizers/files");
  const auto all = tokenizer.tokenize("a lighthouse in a storm");
  ASSERT_GT(all.size(), 4u);
  std::size_t dropped = 99;
  const auto ids = tokenizer.encode("a lighthouse in a storm", 5, &dropped);
  EXPECT_EQ(ids.size(), 5u);
  EXPECT_EQ(std::vector<std::int64_t>(ids.begin() + 1, ids.end() - 1),
            std::vector<std::int64_t>(all.begin(), all.begin() + 3));
  EXPECT_EQ(dropped, all.size() - 3);
  (void)tokenizer.encode("a lighthouse in a storm", all.size() + 2, &dropped);
  EXPECT_EQ(dropped, 0u);
}

TEST(ClipTokenizer, RefusesTextThatIsNotUtf8) {
  const ClipTokenizer tokenizer(kData / "tokenizers/files");
  test::error_of([&] { (void)tokenizer.tokenize("a\xff"); }, ErrorKind::data);
}

class ClipTokenizerFiles : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  std::string error(ErrorKind kind) const {
    return test::error_of([&] { const ClipTokenizer tokenizer(folder_.path()); }, kind);
  }

  TemporaryFolder folder_;
  const std::string special_ = R"("<|startoftext|>": 2, "<|endoftext|>": 3)";
};

TEST_F(ClipTokenizerFiles, NoneIsAMissingInput) {
  EXPECT_THAT(error(ErrorKind::no_input), testing::HasSubstr("no tokenizer.json there"));
  write("vocab.json", "{}");
  EXPECT_THAT(error(ErrorKind::no_input), testing::HasSubstr("not both of vocab.json and merges.txt"));
}

TEST_F(ClipTokenizerFiles, DamagedOnesAreNamed) {
  write("vocab.json", R"({"a": 0, "b": 1, )" + special_ + "}");
  write("merges.txt", "#version: 0.2\na b\n");
  EXPECT_THAT(error(ErrorKind::data), testing::HasSubstr("merge 1 joins a and b"));
  write("merges.txt", "a\n");
  EXPECT_THAT(error(ErrorKind::data), testing::HasSubstr("merge 1 is a, expected two pieces"));
  write("merges.txt", "");
  write("vocab.json", R"({"a": "0", )" + special_ + "}");
  EXPECT_THAT(error(ErrorKind::data), testing::HasSubstr("the id of a is \"0\""));
  write("vocab.json", R"({"a": -1, )" + special_ + "}");
  EXPECT_THAT(error(ErrorKind::data), testing::HasSubstr("the id of a is -1"));
  write("vocab.json", R"({"<|endoftext|>": 3})");
  EXPECT_THAT(error(ErrorKind::data), testing::HasSubstr("has no piece <|startoftext|>"));
  write("vocab.json", R"({"a": 3})");
  EXPECT_THAT(error(ErrorKind::data), testing::HasSubstr("has no piece <|endoftext|>"));
  write("tokenizer.json", R"({"model": {"vocab": [["a", 1]], "merges": []}})");
  EXPECT_THAT(error(ErrorKind::data), testing::HasSubstr("is not an object of pieces and ids"));
}

}  // namespace
}  // namespace sora::clip
