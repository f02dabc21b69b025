#include "models/t5/text/prompt_clean.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "models/t5/text/fix_text.h"
#include "models/t5/text/html_unescape.h"
#include "models/t5/text/mojibake.h"
#include "models/t5/text/unicode.h"
#include "places.h"
#include "sora/error.h"

namespace sora {
namespace {

nlohmann::json golden() {
  std::ifstream file(test_data() / "text/prompt_clean.json");
  return nlohmann::json::parse(file);
}

TEST(PromptClean, GivesWhatDiffusersGivesForCleanAndDirtyText) {
  const auto cases = golden();
  ASSERT_GT(cases.size(), 300u);
  std::size_t changed = 0;
  for (const auto& item : cases) {
    const auto text = item["text"].get<std::string>();
    EXPECT_EQ(prompt_clean(text), item["clean"].get<std::string>())
        << "for " << item["text"].dump(-1, ' ', true);
    changed += item["clean"] != item["text"];
  }
  EXPECT_GT(changed, cases.size() / 2) << "the goldens hardly test anything";
}

TEST(PromptClean, DoesNotChangeWhatIsClean) {
  for (const char* text :
       {"a lighthouse in a storm", "東京の夜、雨が降る。", "naïve café — 5 €", "Привет, мир!"}) {
    EXPECT_EQ(prompt_clean(text), text);
  }
}

TEST(PromptClean, NamesTheOffsetOfTheFirstByteThatIsNotUtf8) {
  const std::pair<std::string, std::string> cases[] = {
      {"caf\xE9", "byte 0xE9 at offset 3"},           // Latin-1
      {"\xC3", "byte 0xC3 at offset 0"},              // cut off
      {"ab\xC0\x80", "byte 0xC0 at offset 2"},        // overlong
      {"\xE6\x9D\xB1\xED\xA0\x80", "offset 3"},       // a surrogate
      {"x\xF4\x90\x80\x80", "byte 0xF4 at offset 1"}  // above U+10FFFF
  };
  for (const auto& [text, part] : cases) {
    try {
      prompt_clean(text);
      ADD_FAILURE() << "accepted " << part;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::data);
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    }
  }
}

TEST(PromptClean, KeepsNoncharactersAndPlanesAboveTheFirst) {
  EXPECT_EQ(prompt_clean("\U0001F642 \U00020000 \uFFFE"), "\U0001F642 \U00020000 \uFFFE");
}

TEST(FixText, StopsUnescapingEntitiesAtTheFirstLineWithATag) {
  EXPECT_EQ(fix_text(U"&eacute;\n<b>&eacute;\n&eacute;"), U"é\n<b>&eacute;\n&eacute;");
}

TEST(FixEncoding, LeavesRealAccentsAlone) {
  for (const std::u32string text : {U"Élodie à São Paulo", U"über", U"Ã", U"½ ± ²"})
    EXPECT_EQ(fix_encoding(text), text);
}

TEST(FixEncoding, UndoesTwoLayers) { EXPECT_EQ(fix_encoding(U"rÃƒÂ©sumÃƒÂ©"), U"résumé"); }

TEST(HtmlUnescape, TakesTheLongestNameWithoutSemicolon) {
  EXPECT_EQ(html_unescape(U"&notit;"), U"¬it;");
  EXPECT_EQ(html_unescape(U"&notin;"), U"∉");
  EXPECT_EQ(html_unescape_careful(U"&notit; &copy"), U"&notit; &copy");
}

TEST(Nfkc, MakesWidthFormsOrdinaryCharacters) { EXPECT_EQ(nfkc(U"Ａ\u3000ｶﾞﾡ￦"), U"A \u30AC\u1100\u20A9"); }

TEST(Nfc, ComposesAndOrdersMarks) {
  EXPECT_EQ(nfc(U"e\u0301"), U"\u00E9");
  EXPECT_EQ(nfc(U"q\u0307\u0323"), U"q\u0323\u0307");  // by combining class
  EXPECT_EQ(nfc(U"\u1100\u1161\u11A8"), U"\uAC01");    // Hangul is composed by arithmetic
  EXPECT_EQ(nfc(U"\u0958"), U"\u0915\u093C");          // excluded from composition
  EXPECT_EQ(nfc(std::u32string(1, U'\0')), std::u32string(1, U'\0'));
}

}  // namespace
}  // namespace sora
