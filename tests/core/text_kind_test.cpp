#include "core/text_kind.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sora {
namespace {

using testing::HasSubstr;

TEST(TextKind, SaysWhatAFileIsThatIsNoText) {
  EXPECT_THAT(not_a_text("%PDF-1.7\n%\xe2\xe3\n"), HasSubstr("is a PDF"));
  EXPECT_THAT(not_a_text(std::string("PK\3\4\x14\0", 6)), HasSubstr(".docx"));
  EXPECT_THAT(not_a_text("{\\rtf1\\ansi a fox}"), HasSubstr("save it as text"));
  EXPECT_THAT(not_a_text(std::string("\xff\xfe"
                                     "a\0",
                                     4)),
              HasSubstr("iconv -f UTF-16"));
  EXPECT_THAT(not_a_text(std::string("\0\0\0\x20", 4) + "ftypisom" + std::string(8, '\0')),
              HasSubstr("is no text"));
}

TEST(TextKind, LeavesTextsAlone) {
  for (const char* text : {"", "a fox", "100% PDF", "{\"prompt\": \"a\"}",
                           "\xef\xbb\xbf"
                           "a",
                           "caf\xe9", "PK"})
    EXPECT_EQ(not_a_text(text), "") << text;
  EXPECT_EQ(not_a_text(std::string("a\0b", 3)), "") << "one zero byte has an error with its line";
}

}  // namespace
}  // namespace sora
