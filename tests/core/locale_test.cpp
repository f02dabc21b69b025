// Numbers are read and written with a decimal point, whatever locale the calling program has set.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "comma_locale.h"
#include "core/json/json_line.h"
#include "core/json/json_text.h"
#include "core/json/scalar.h"
#include "core/output/output_format.h"
#include "core/text.h"
#include "places.h"

namespace sora {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(DecimalComma, NeitherReadsNorWritesNumbersInAnotherWay) {
  const CommaLocale locale;
  if (!locale.is_set()) GTEST_SKIP() << "this C library takes no locale from a folder";
  char printed[16];
  std::snprintf(printed, sizeof printed, "%.1f", 1.5);
  ASSERT_STREQ(printed, "1,5") << "the locale is not in force";

  EXPECT_EQ(number_text(0.9), "0.9");
  EXPECT_EQ(number_text(16), "16");
  EXPECT_EQ(number_text(1e-7, 2), "1e-07");
  EXPECT_EQ(fixed_text(1234567.25, 1), "1234567.2");
  EXPECT_EQ(bytes_text(1'440'000), "1.4 MB");
  EXPECT_EQ(seconds_text(12.34), "12.3 s");
  EXPECT_EQ(JsonLine().add("a", 1.25).text(), "{\"a\":1.25}");
  double value = 0;
  EXPECT_EQ(set_from_text(value, "2.5"), "");
  EXPECT_EQ(value, 2.5);
  nlohmann::json json;
  EXPECT_EQ(parse_json("[1.5, 2e-3, -0.25]", json).message, "");
  EXPECT_EQ(json.dump(), "[1.5,0.002,-0.25]");
  EXPECT_EQ(parse_scalars("{\"a\": 0.125}", "{}").items.at(0).second.text, "0.125");
  try {
    frame_rate(2000.5);
    ADD_FAILURE() << "was taken";
  } catch (const std::exception& error) {
    EXPECT_THAT(error.what(), HasSubstr("fps is 2000.5,"));
  }
}

TEST(Text, WritesAmountsAsTheyAreRead) {
  EXPECT_EQ(seconds_text(245), "4 min 05 s");
  EXPECT_EQ(seconds_text(3720), "1 h 02 min");
  EXPECT_EQ(clock_text(32), "0:32");
  EXPECT_EQ(clock_text(3905), "1:05:05");
  EXPECT_EQ(bytes_text(999), "999 B");
  EXPECT_EQ(bytes_text(14'000'000), "14 MB");
}

// What the test above cannot reach. printf() of whole numbers is the same in all locales.
TEST(DecimalComma, NoFileUsesFunctionsThatTheLocaleChanges) {
  const std::regex function(R"(\b(stod|stof|stold|strtod|strtof|strtold|atof|tolower|isalpha|isalnum)\()");
  const std::regex format(R"x((printf|scanf)\(.*"[^"]*%[-+ #0-9.*l]*[efgEFG])x");
  std::vector<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(source_folder() / "src")) {
    if (entry.path().extension() != ".cpp" && entry.path().extension() != ".h") continue;
    std::ifstream file(entry.path());
    if (entry.path().filename().string().ends_with("_tables.cpp")) continue;  // names of characters
    int number = 0;
    for (std::string line; std::getline(file, line);) {
      ++number;
      const std::string code = line.substr(0, line.find("//"));
      if (code.size() < 200 && (std::regex_search(code, function) || std::regex_search(code, format)))
        found.push_back(entry.path().string() + ":" + std::to_string(number) + ": " + line);
    }
  }
  EXPECT_THAT(found, IsEmpty());
}

}  // namespace
}  // namespace sora
