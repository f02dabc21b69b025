// The parser of untrusted JSON: its limits, errors that name the place, and that its time grows linearly with
// the text.
#include "core/json/json_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/json/json_config.h"
#include "core/json/scalar.h"
#include "sora/error.h"
#include "temporary_folder.h"

namespace sora {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using Json = nlohmann::ordered_json;

std::string repeated(const std::string& text, std::size_t times) {
  std::string result;
  for (std::size_t i = 0; i < times; ++i) result += text;
  return result;
}

std::string fault_of(const std::string& text, const JsonLimits& limits = {}) {
  Json ordered;
  nlohmann::json sorted;
  const std::string fault = parse_json(text, ordered, limits).message;
  EXPECT_EQ(fault, parse_json(text, sorted, limits).message);
  if (fault.empty()) {
    EXPECT_TRUE(nlohmann::json(ordered) == sorted);
  }
  return fault;
}

TEST(JsonText, ReadsWhatJsonIs) {
  const std::string text =
      R"( {"b": [1, -2, 3.25, 1e3, true, null, "\u00e4\ud83d\ude00"], "a": {"": {}, "c": []}, "n": 18446744073709551615,
          "m": -9223372036854775808, "x": 1e308, "tiny": 1e-400} )";
  Json json;
  EXPECT_EQ(parse_json(text, json).message, "");
  EXPECT_TRUE(json == Json::parse(text));
  EXPECT_EQ(json.dump(), Json::parse(text).dump()) << "the order of keys";
  EXPECT_EQ(fault_of("7"), "");
}

TEST(JsonText, TakesTheLastOfKeysThatStandTwiceAtThePlaceOfTheFirst) {
  Json json;
  EXPECT_EQ(parse_json(R"({"a": 1, "b": 2, "a": [3]})", json).message, "");
  EXPECT_EQ(json.dump(), R"({"a":[3],"b":2})");
}

TEST(JsonText, IsNestedSixtyFourDeepAtMost) {
  EXPECT_EQ(fault_of(std::string(64, '[') + std::string(64, ']')), "");
  EXPECT_EQ(fault_of(std::string(65, '[') + std::string(65, ']')), "is nested over 64 deep (column 65)");
  for (const std::string open : {"[", "{\"a\":", "[[{\"a\": [", "[\n"})
    EXPECT_THAT(fault_of(repeated(open, 60'000)), StartsWith("is nested over 64 deep")) << open;
  EXPECT_EQ(fault_of(std::string("\"").append(100, '[').append("\"")), "")
      << "in a text, brackets mean nothing";
  EXPECT_EQ(fault_of(std::string("[").append(repeated("[],", 1000)).append("[]]")), "") << "side by side";
  EXPECT_THAT(fault_of(std::string(60'000, ']')), StartsWith("is not JSON: column 1: "));
}

TEST(JsonText, SaysWhereItIsNone) {
  EXPECT_THAT(fault_of("{\"a\": 1,\n \"b\": x}"), StartsWith("is not JSON: line 2, column 7: syntax error"));
  EXPECT_THAT(fault_of("{\"a\": }"), StartsWith("is not JSON: column 7: "));
  EXPECT_THAT(fault_of(""), StartsWith("is not JSON: "));
  for (const char* word : {"NaN", "Infinity", "-Infinity", "[nan]", "01", "+1", "'a'", "{\"a\": 1,}", "1 2"})
    EXPECT_THAT(fault_of(word), StartsWith("is not JSON: column ")) << word;
  EXPECT_THAT(fault_of("\"caf\xe9\""), StartsWith("is not JSON: column "));
  const std::string long_fault = fault_of("{\"a" + std::string(4'000'000, 'x'));
  EXPECT_LT(long_fault.size(), 400U);
}

TEST(JsonText, RefusesNumbersOutOfRangeWithTheirPlace) {
  EXPECT_EQ(fault_of("{\"a\": 1e999}"), "has the number 1e999, which is out of range (column 7)");
  EXPECT_EQ(fault_of("[1,\n -1e999]"), "has the number -1e999, which is out of range (line 2, column 2)");
  EXPECT_EQ(fault_of("[18446744073709551616]"),
            "has the integer 18446744073709551616, which is out of range (column 2)");
  EXPECT_THAT(fault_of("-9223372036854775809"), HasSubstr("is out of range"));
  EXPECT_THAT(fault_of(std::string(1'000'000, '9')), HasSubstr("999…, which is out of range"));
  JsonLimits python;
  python.long_integers = true;
  EXPECT_EQ(fault_of("{\"model_max_length\": 1000000000000000019884624838656}", python), "");
  EXPECT_THAT(fault_of("1e999", python), HasSubstr("is out of range"));
}

TEST(JsonText, HasLimitsOfSizeAndCount) {
  EXPECT_EQ(fault_of("[1, 2, 3]", {9, 3}), "");
  EXPECT_EQ(fault_of("[1, 2, 3]", {8, 3}), "is 9 bytes, expected at most 8");
  EXPECT_EQ(fault_of("[1, 2, 3]", {9, 2}), "has over 2 values (column 6)");
}

// Of 600,000 keys, comparing each with those before it takes 2 x 10^11 comparisons of texts.
TEST(JsonText, FindsAKeyWithoutLookingAtAllOthers) {
  std::string text = "{";
  for (int i = 0; i < 600'000; ++i) text += "\"key" + std::to_string(i) + "\":0,";
  text.back() = '}';
  Json json;
  EXPECT_EQ(parse_json(text, json).message, "");
  EXPECT_EQ(json.size(), 600'000U);
}

TEST(ParseScalars, SaysWhatIsWrongWithAHostileText) {
  EXPECT_THAT(parse_scalars(repeated("{\"prompt\":", 60'000), "{}").fault, HasSubstr("nested over 64 deep"));
  EXPECT_THAT(parse_scalars("{\"steps\": 1e999}", "{}").fault, HasSubstr("out of range (column 11)"));
  EXPECT_THAT(parse_scalars("[1]", "{\"steps\": 4}").fault, HasSubstr("expected {\"steps\": 4}"));
}

TEST(ReadJson, NamesTheFileAndEndsAsBadData) {
  const TemporaryFolder folder;
  std::ofstream(folder / "a.json") << std::string(60'000, '[');
  try {
    read_json(folder / "a.json", "test");
    ADD_FAILURE() << "was read";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    EXPECT_THAT(error.what(), HasSubstr("a.json: is nested over 64 deep"));
  }
}

TEST(JsonConfig, RefusesHostileConfigsAsBadData) {
  const TemporaryFolder folder;
  const auto read = [&](const std::string& text) {
    std::ofstream(folder / "config.json") << text;
    try {
      const JsonConfig config(folder / "config.json", "test");
      config.integer("n", 0);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::data) << error.what();
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(read("{\"a\":" + std::string(60'000, '[')), HasSubstr("nested over 64 deep"));
  EXPECT_THAT(read("{\"n\": 1e999}"), HasSubstr("config.json: has the number 1e999"));
  EXPECT_THAT(read("{\"n\": 1000000000000000019884624838656}"), HasSubstr("n is 1e+30, expected an integer"));
  EXPECT_THAT(read("{\"n\": NaN}"), HasSubstr("n is \"NaN\", expected an integer"));
  EXPECT_EQ(read("{\"other\": Infinity, \"max\": 1000000000000000019884624838656, \"n\": 4}"), "");
}

}  // namespace
}  // namespace sora
