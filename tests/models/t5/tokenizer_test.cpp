#include "models/t5/tokenizer/tokenizer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "error_of.h"
#include "file_contents.h"
#include "models/t5/tokenizer/spiece_model.h"
#include "places.h"
#include "sora/error.h"
#include "temporary_folder.h"

namespace sora {
namespace {

namespace fs = std::filesystem;
const fs::path kData = test_data() / "text";
const fs::path kTokenizers = kData / "tokenizers";

class Folder : public TemporaryFolder {
 public:
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(*this / name, std::ios::binary) << text;
  }
};

/// The message of the Error that opening `folder` throws.
std::string open_error(const fs::path& folder, ErrorKind kind) {
  return test::error_of([&] { T5Tokenizer tokenizer(folder); }, kind);
}

class TokenGoldens : public testing::TestWithParam<const char*> {};

// plain: NFKC; bytes: no normalization, byte pieces, user-defined and control pieces, 7 sentinels;
// json: the same from a tokenizer.json alone.
INSTANTIATE_TEST_SUITE_P(Folders, TokenGoldens, testing::Values("plain", "bytes", "json"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(TokenGoldens, IdsAreThoseOfTransformers) {
  const auto golden = nlohmann::json::parse(contents(kData / "tokens.json"));
  const auto& expected = golden["ids"][GetParam()];
  const T5Tokenizer tokenizer(kTokenizers / GetParam());
  ASSERT_EQ(expected.size(), golden["texts"].size());
  ASSERT_GT(expected.size(), 100u);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto text = golden["texts"][i].get<std::string>();
    EXPECT_EQ(tokenizer.encode(text, 512), expected[i].get<std::vector<std::int64_t>>())
        << text.substr(0, 200);
  }
}

TEST(T5Tokenizer, EmptyTextIsOneEndToken) {
  const T5Tokenizer tokenizer(kTokenizers / "plain");
  EXPECT_EQ(tokenizer.encode("", 512), std::vector<std::int64_t>{1});
  EXPECT_EQ(tokenizer.encode(" \n ", 512), std::vector<std::int64_t>{1});
}

TEST(T5Tokenizer, CutsOffAtTheLengthAndSaysHowMuch) {
  const T5Tokenizer tokenizer(kTokenizers / "plain");
  const auto all = tokenizer.tokenize("a lighthouse in a storm");
  ASSERT_GT(all.size(), 4u);
  std::size_t dropped = 99;
  const auto ids = tokenizer.encode("a lighthouse in a storm", 4, &dropped);
  EXPECT_EQ(ids, (std::vector<std::int64_t>{all[0], all[1], all[2], 1}));
  EXPECT_EQ(dropped, all.size() - 3);
  tokenizer.encode("a lighthouse in a storm", all.size() + 1, &dropped);
  EXPECT_EQ(dropped, 0u);
}

TEST(T5Tokenizer, OfEquallyGoodSegmentationsItTakesThatOfTheReference) {
  const T5Tokenizer tokenizer(kTokenizers / "bytes");
  EXPECT_EQ(tokenizer.tokenize("ooooooo"), (std::vector<std::int64_t>{262, 276, 412, 412, 412}));
  std::vector<std::int64_t> even{262};
  even.resize(51, 412);
  EXPECT_EQ(tokenizer.tokenize(std::string(100, 'o')), even);
}

TEST(T5Tokenizer, ALongRunOfUnknownCharactersIsOneToken) {
  const T5Tokenizer tokenizer(kTokenizers / "plain");
  const auto short_run = tokenizer.tokenize("x");  // part of "<extra_id_0>" only
  EXPECT_EQ(short_run.back(), 2);
  EXPECT_EQ(tokenizer.tokenize(std::string(100'000, 'x')), short_run);
  std::string ideographs;
  for (int i = 0; i < 100'000; ++i) ideographs += "鬱";  // part of nothing
  EXPECT_EQ(tokenizer.tokenize(ideographs), short_run);
}

TEST(T5Tokenizer, TakesTheLastOfPiecesWithTheSameText) {
  const Folder folder;
  folder.write("tokenizer.json", R"({"model": {"vocab": [
      ["<pad>", 0], ["</s>", 0], ["<unk>", 0], ["▁", -2], ["a", -1], ["", 0], ["a", -3], ["b", -1]]}})");
  folder.write("tokenizer_config.json", R"({"extra_ids": 0})");
  const T5Tokenizer tokenizer(folder.path());
  EXPECT_EQ(tokenizer.tokenize("ab"), (std::vector<std::int64_t>{3, 6, 7}));
  EXPECT_EQ(tokenizer.tokenize("cab</s>"), (std::vector<std::int64_t>{3, 2, 6, 7, 1}));
}

TEST(T5Tokenizer, NamesWordsItHasNoTokenFor) {
  const T5Tokenizer tokenizer(kTokenizers / "plain");
  EXPECT_EQ(tokenizer.unknown_words("a 🙂 in the 鬱x storm 🙂"),
            (std::vector<std::string>{"🙂", "鬱x"}));
  EXPECT_TRUE(tokenizer.unknown_words("a lighthouse in a storm").empty());
}

TEST(T5Tokenizer, SaysWhatAFolderWithoutTokenizerLacks) {
  const Folder folder;
  EXPECT_NE(open_error(folder.path(), ErrorKind::no_input).find("no spiece.model and no tokenizer.json"),
            std::string::npos);
}

TEST(T5Tokenizer, SaysWhatIsWrongInItsFiles) {
  const Folder folder;
  folder.write("tokenizer.json", R"({"model": {"vocab": {"a": 1}}})");
  EXPECT_NE(open_error(folder.path(), ErrorKind::data).find("is this a T5 tokenizer (Unigram)?"),
            std::string::npos);
  folder.write("tokenizer.json", R"({"model": {"vocab": [["<pad>", 0], ["</s>", "zero"]]}})");
  EXPECT_NE(open_error(folder.path(), ErrorKind::data).find("entry 1 is [\"</s>\",\"zero\"]"),
            std::string::npos);
  folder.write("tokenizer.json", R"({"model": {"vocab": [["a", 0], ["b", 0], ["c", 0]]}})");
  EXPECT_NE(open_error(folder.path(), ErrorKind::data).find("without </s>"), std::string::npos);
  folder.write("tokenizer.json",
               R"({"model": {"vocab": [["<pad>", 0], ["</s>", 0], ["<unk>", 0], ["a\u0000b", 0]]}})");
  EXPECT_NE(open_error(folder.path(), ErrorKind::data).find("a zero byte in it"), std::string::npos);
  folder.write("tokenizer.json", R"({"normalizer": {"type": "Precompiled", "precompiled_charsmap": "////"},
                                     "model": {"vocab": [["<pad>", 0], ["</s>", 0], ["<unk>", 0]]}})");
  EXPECT_NE(open_error(folder.path(), ErrorKind::data).find("the file is damaged"), std::string::npos);
  fs::copy(kTokenizers / "bytes" / "spiece.model", folder.path());
  folder.write("tokenizer_config.json", R"({"extra_ids": "many"})");
  EXPECT_NE(open_error(folder.path(), ErrorKind::data).find("extra_ids is \"many\""), std::string::npos);
  folder.write("tokenizer_config.json", "[");
  EXPECT_NE(open_error(folder.path(), ErrorKind::data).find("is not JSON: "), std::string::npos);
  folder.write("tokenizer_config.json", "[]");
  EXPECT_NE(open_error(folder.path(), ErrorKind::data).find("is not a JSON object"), std::string::npos);
}

TEST(T5Tokenizer, GivesSentinelsToNoOtherClass) {
  const Folder folder;
  fs::copy(kTokenizers / "plain" / "spiece.model", folder.path());
  const auto end = [&] { return T5Tokenizer(folder.path()).tokenize("<extra_id_0>").size(); };
  EXPECT_EQ(end(), 1u);  // transformers' default is T5's class, with a hundred of them
  folder.write("tokenizer_config.json", R"({"tokenizer_class": "PreTrainedTokenizerFast"})");
  EXPECT_GT(end(), 1u);
}

TEST(T5Tokenizer, RefusesNormalizationThatItDoesNotKnow) {
  const Folder folder;
  folder.write("tokenizer.json",
               R"({"normalizer": {"type": "Sequence", "normalizers": [{"type": "Lowercase"}]},
                                     "model": {"vocab": [["<pad>", 0], ["</s>", 0], ["<unk>", 0]]}})");
  const T5Tokenizer accepted(folder.path());  // T5's class ignores it
  folder.write("tokenizer_config.json", R"({"tokenizer_class": "PreTrainedTokenizerFast"})");
  EXPECT_NE(open_error(folder.path(), ErrorKind::data).find("its normalizer is \"Lowercase\""),
            std::string::npos);
}

TEST(SpieceModel, EveryTruncationIsAnErrorOrAShorterModel) {
  const std::string whole = contents(kTokenizers / "bytes" / "spiece.model");
  const std::size_t pieces = parse_spiece_model(whole, "file").pieces.size();
  std::size_t errors = 0;
  for (std::size_t size = 0; size < whole.size(); size += 3) {
    try {
      EXPECT_LE(parse_spiece_model(std::string_view(whole).substr(0, size), "file").pieces.size(), pieces);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::data);
      ++errors;
    }
  }
  EXPECT_GT(errors, whole.size() / 3 / 2);
}

TEST(T5Tokenizer, DamagedFilesNeverCrash) {
  const Folder folder;
  const std::string whole = contents(kTokenizers / "plain" / "spiece.model");
  std::mt19937 random(7);
  std::size_t opened = 0;
  for (int trial = 0; trial < 60; ++trial) {
    std::string damaged = whole;
    // The normalization table is most of the file: its trie is walked with what the damage left there.
    for (int i = 0; i < 2000; ++i)
      damaged[8000 + random() % (damaged.size() - 8000)] = static_cast<char>(random());
    if (trial % 2) damaged[random() % 8000] = static_cast<char>(random());
    folder.write("spiece.model", damaged);
    try {
      const T5Tokenizer tokenizer(folder.path());
      ++opened;
      for (const char* text : {"½ ﬁne Ⅷ e\u0301 ａｂｃ 東京 🙂", "\u2126 ﷺ ㍿ x"}) {
        EXPECT_LE(tokenizer.encode(text, 512).size(), 512u);
      }
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::data) << error.what();
    }
  }
  EXPECT_GT(opened, 10u);
}

}  // namespace
}  // namespace sora
