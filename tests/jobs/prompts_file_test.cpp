// Prompts files: what each line becomes, and the message about a wrong line.
#include "jobs/prompts_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sora {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> prompts(const PromptsFile& file) {
  std::vector<std::string> list;
  for (const PromptLine& line : file.lines) {
    Request request;
    line.overrides.apply(request);
    list.push_back(request.prompt);
  }
  return list;
}

std::vector<std::uint32_t> lines(const PromptsFile& file) {
  std::vector<std::uint32_t> list;
  for (const PromptLine& line : file.lines) list.push_back(line.line);
  return list;
}

// "3: what is wrong"
std::vector<std::string> errors(const PromptsFile& file) {
  std::vector<std::string> list;
  for (const LineError& error : file.errors)
    list.push_back(std::to_string(error.line) + ": " + error.message);
  return list;
}

Request first(const PromptsFile& file) {
  Request request;
  file.lines.at(0).overrides.apply(request);
  return request;
}

TEST(PlainText, IsOnePromptALine) {
  const PromptsFile file =
      parse_prompts("a.txt", "# shots\na red ball\n\n  a boat, \"at sea\"  \r\n\t# more\nlast");
  EXPECT_THAT(prompts(file), ElementsAre("a red ball", "a boat, \"at sea\"", "last"));
  EXPECT_THAT(lines(file), ElementsAre(2, 4, 6));
  EXPECT_THAT(errors(file), IsEmpty());
}

TEST(PlainText, MayBeginWithAByteOrderMarkAndHoldAnyLanguage) {
  EXPECT_THAT(prompts(parse_prompts("a.txt",
                                    "\xef\xbb\xbf"
                                    "ein Fluß\n灯台\n")),
              ElementsAre("ein Fluß", "灯台"));
}

TEST(PlainText, OfOtherEncodingsIsRefusedByLine) {
  EXPECT_THAT(errors(parse_prompts("a.txt", "good\nein Flu\xdf\n")),
              ElementsAre(HasSubstr("2: is not UTF-8")));
  EXPECT_THAT(errors(parse_prompts("a.txt", std::string("a\0b\n", 4))),
              ElementsAre(HasSubstr("1: holds a zero byte")));
}

TEST(JsonLines, SetsAnyOption) {
  const PromptsFile file = parse_prompts(
      "-",
      R"({"prompt": "a", "seconds": 4, "seed": 18446744073709551615, "negative-prompt": "b", "overwrite": true, "guidance": null})");
  ASSERT_THAT(errors(file), IsEmpty());
  const Request request = first(file);
  EXPECT_EQ(request.prompt, "a");
  EXPECT_EQ(request.seconds, 4.0);
  EXPECT_EQ(request.seed, 18446744073709551615U);
  EXPECT_EQ(request.negative_prompt, "b");
  EXPECT_TRUE(request.overwrite);
  EXPECT_FALSE(request.guidance);
}

TEST(JsonLines, SaysWhatIsWrongInEachLine) {
  const PromptsFile file = parse_prompts("a.jsonl",
                                         "{\"prompt\": \"a\", \"stepz\": 4}\n"
                                         "{\"prompt\": 5}\n"
                                         "{\"prompt\": \"b\"\n"
                                         "\n"
                                         "[1]\n"
                                         "{\"prompt\": \"c\", \"steps\": \"many\"}\n"
                                         "{\"prompt\": \"d\", \"res\": [1, 2]}\n"
                                         "{\"prompt\": \"e\"}\n");
  EXPECT_THAT(errors(file), ElementsAre(HasSubstr("1: \"stepz\" is not an option; did you mean \"steps\"?"),
                                        HasSubstr("2: prompt is 5, expected a text in quotes"),
                                        HasSubstr("3: is not JSON: "), HasSubstr("5: is no JSON object"),
                                        HasSubstr("6: steps is \"many\", expected a whole number"),
                                        HasSubstr("7: res is [1,2], ")));
  EXPECT_THAT(prompts(file), ElementsAre("e"));
  EXPECT_THAT(lines(file), ElementsAre(8));
}

TEST(Table, HasOptionsAsItsHeader) {
  const PromptsFile file = parse_prompts("shots.csv",
                                         "prompt, seconds ,negative-prompt\r\n"
                                         "\"a boat, \"\"Anna\"\"\",4,\n"
                                         "# a remark,,\n"
                                         "\n"
                                         "\"two\nlines\",,none\n"
                                         "short\n");
  ASSERT_THAT(errors(file), IsEmpty());
  EXPECT_THAT(prompts(file), ElementsAre("a boat, \"Anna\"", "two\nlines", "short"));
  EXPECT_THAT(lines(file), ElementsAre(2, 5, 7));
  EXPECT_EQ(first(file).seconds, 4.0);
  EXPECT_FALSE(first(file).negative_prompt);  // an empty cell is the default
}

TEST(Table, MayBeSeparatedByTabs) {
  EXPECT_THAT(prompts(parse_prompts("shots.tsv", "seed\tprompt\n7\ta, b\n")), ElementsAre("a, b"));
}

TEST(Table, SaysWhatIsWrong) {
  EXPECT_THAT(errors(parse_prompts("a.csv", "prompt,secs\na,4\n")),
              ElementsAre(HasSubstr("1: \"secs\" is not an option")));
  EXPECT_THAT(errors(parse_prompts("a.csv", "prompt,prompt\na,4\n")),
              ElementsAre(HasSubstr("is there twice")));
  EXPECT_THAT(errors(parse_prompts("a.csv", "prompt,seed\na,b,c\nd,x\n\"e\"f,1\ng,1\n\"open,1\n")),
              ElementsAre(HasSubstr("2: has 3 cells, the header has 2"), HasSubstr("3: seed is \"x\""),
                          HasSubstr("4: a quoted cell is followed by \"f\""),
                          HasSubstr("6: the quote in line 6 is never closed")));
}

TEST(AnyFormat, MayBeEmpty) {
  for (const char* name : {"a.txt", "a.jsonl", "a.csv", "a.tsv", "-"}) {
    EXPECT_THAT(parse_prompts(name, "").lines, IsEmpty()) << name;
    EXPECT_THAT(parse_prompts(name, "\n\n").lines, IsEmpty()) << name;
  }
}

TEST(Overrides, ReplaceTheOtherWayToGiveALength) {
  Request request;
  request.seconds = 4;
  Overrides overrides;
  EXPECT_EQ(overrides.add("frames", {Scalar::Kind::number, "9", {}}), "");
  overrides.apply(request);
  EXPECT_EQ(request.frames, 9);
  EXPECT_FALSE(request.seconds);
  EXPECT_THAT(overrides.add("frames", {Scalar::Kind::number, "9", {}}), HasSubstr("given twice"));
}

// Nested lists, and the end of the object around them.
std::string deep() { return std::string(60'000, '[') + std::string(60'000, ']') + "}"; }

TEST(HostileList, IsRefusedByItsLines) {
  EXPECT_THAT(errors(parse_prompts("a.jsonl", "{\"prompt\": \"a\"}\n{\"prompt\":" + deep())),
              ElementsAre(HasSubstr("2: is nested over 64 deep (column 74)")));
  EXPECT_THAT(
      errors(parse_prompts("a.jsonl", "{\"seed\": 18446744073709551616}\n{\"seed\": 1e999}\n")),
      ElementsAre(HasSubstr("1: has the integer 18446744073709551616, which is out of range (column 10)"),
                  HasSubstr("2: has the number 1e999, which is out of range (column 10)")));
  EXPECT_THAT(errors(parse_prompts("a.jsonl", "{\"steps\": [[1]], \"prompt\": \"a\"}")),
              ElementsAre(HasSubstr("1: steps is [[1]], expected a whole number")));
}

TEST(HostileList, IsQuotedInEightyCharacters) {
  const std::string key = "gänse\u202e" + std::string(3'900'000, 'x');
  const auto found = errors(parse_prompts("a.jsonl", "{\"" + key + "\": 1}\n{\"steps\": \"" + key + "\"}"));
  EXPECT_THAT(found, ElementsAre(HasSubstr("1: \"gänse\\u202exxx"), HasSubstr("2: steps is \"gänse")));
  for (const std::string& error : found) EXPECT_LT(error.size(), 200U);
}

// The first unknown one is named; comparing each of 3,000,000 columns with all others would take 9 x 10^12
// steps.
TEST(HostileTable, OfMillionsOfColumnsIsReadOnce) {
  const std::string commas(3'000'000, ',');
  EXPECT_THAT(errors(parse_prompts("a.csv", "prompt" + commas + "\na\n")),
              ElementsAre(HasSubstr("in the header")));
  EXPECT_THAT(errors(parse_prompts("a.csv", "prompt,steps\na" + commas + "\n")),
              ElementsAre(HasSubstr("2: has 3000001 cells")));
  EXPECT_THAT(errors(parse_prompts("a.csv", "prompt\n\"a\"" + std::string(3'000'000, 'b') + "\n")),
              ElementsAre(HasSubstr("followed by \"" + std::string(80, 'b') + "…\"")));
}

TEST(JsonLines, AZeroByteIsRefusedHoweverItIsWritten) {
  EXPECT_THAT(errors(parse_prompts("a.jsonl", "{\"prompt\": \"a\", \"output\": \"a.mp4\\u0000.png\"}\n")),
              ElementsAre("1: output holds a zero byte, expected text"));
  EXPECT_THAT(errors(parse_prompts("a.jsonl", "{\"prompt\": \"a\", \"lora\": [\"x\", \"\\u0000\"]}\n")),
              ElementsAre("1: lora holds a zero byte, expected text"));
}

}  // namespace
}  // namespace sora
