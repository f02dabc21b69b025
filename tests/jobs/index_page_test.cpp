// The page of a batch: what it shows, and that nothing in a prompt or a name acts as HTML.
#include "jobs/index_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

namespace sora {
namespace {

using testing::HasSubstr;
using testing::Not;

IndexEntry done(const std::string& file, const std::string& prompt) {
  IndexEntry entry;
  entry.file = file;
  entry.prompt = prompt;
  entry.status = IndexStatus::done;
  entry.seconds = 12.34;
  entry.bytes = 1'234'567;
  return entry;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++found;
  return found;
}

TEST(IndexPage, ShowsAVideoWithItsPosterAndLoadsItWhenItIsPlayed) {
  IndexEntry entry = done("a.mp4", "a lighthouse");
  entry.poster = "\xff\xd8jpeg";
  entry.parameters = {{"seed", "7"}, {"steps", "20"}};
  const std::string page = index_page("shots", {entry});
  EXPECT_THAT(page, HasSubstr("<title>shots</title>"));
  EXPECT_THAT(page,
              HasSubstr("<video src=\"./a.mp4\" preload=\"none\" poster=\"data:image/jpeg;base64,/9hqcGVn\" "
                        "controls muted loop playsinline aria-label=\"a lighthouse\">"));
  EXPECT_THAT(page, HasSubstr("<dt>seed</dt><dd>7</dd>"));
  EXPECT_THAT(page, HasSubstr("1.2 MB · made in 12.3 s"));
  EXPECT_THAT(page, HasSubstr("1 done · "));
}

TEST(IndexPage, SaysWhatFailedAndWhatIsLeft) {
  IndexEntry failed;
  failed.prompt = "b";
  failed.status = IndexStatus::failed;
  failed.error = "[output] b.mp4: the disk is <full>";
  IndexEntry left;
  left.prompt = "c";
  const std::string page = index_page("shots", {done("a.mp4", "a"), failed, left});
  EXPECT_THAT(page, HasSubstr("1 done · 1 failed · 1 left"));
  EXPECT_THAT(page, HasSubstr("failed: [output] b.mp4: the disk is &lt;full&gt;"));
  EXPECT_THAT(page, HasSubstr("not made yet"));
  EXPECT_EQ(count(page, "<video"), 1U) << "only what was made is played";
}

TEST(IndexPage, TellsTheVideosAnHour) {
  Throughput throughput;
  EXPECT_THAT(index_page("shots", {done("a.mp4", "a")}, false, throughput), Not(HasSubstr("an hour")));
  throughput.per_hour = 1240;
  const std::string one = index_page("shots", {done("a.mp4", "a")}, false, throughput);
  EXPECT_THAT(one, HasSubstr(" · 1240 videos an hour</p>"));
  EXPECT_THAT(one, Not(HasSubstr("By device")));
  throughput.parts = {{"cuda:0 <rank> 0", 1, 620}, {"cuda:1 rank 1", 2, 0}};
  const std::string two = index_page("shots", {done("a.mp4", "a")}, false, throughput);
  EXPECT_THAT(two, HasSubstr("<dt>cuda:0 &lt;rank&gt; 0</dt><dd>1 video, 620 videos an hour</dd>"));
  EXPECT_THAT(two, HasSubstr("<dt>cuda:1 rank 1</dt><dd>2 videos</dd>"));
}

TEST(IndexPage, EscapesWhateverAPromptHolds) {
  const std::string prompt = "<script>alert(1)</script> & \"quotes\" 'single'";
  const std::string safe = "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;quotes&quot; &#39;single&#39;";
  IndexEntry entry = done("a.mp4", prompt);
  entry.parameters = {{prompt, prompt}};
  const std::string page = index_page(prompt, {entry});
  EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(page, Not(HasSubstr("\"quotes\"")));
  EXPECT_THAT(page, HasSubstr("<h2>" + safe + "</h2>"));
  EXPECT_THAT(page, HasSubstr("aria-label=\"" + safe + "\""));
  EXPECT_THAT(page, HasSubstr("<title>" + safe + "</title>"));
  EXPECT_EQ(count(page, "<script>"), 1U) << "the page's own";
}

TEST(IndexPage, ReplacesWhatIsNotUtf8AndKeepsWhatIs) {
  const std::string bad = "\xef\xbf\xbd";
  const auto heading = [](const std::string& prompt) {
    const std::string page = index_page("t", {done("a.mp4", prompt)});
    const std::size_t from = page.find("<h2>") + 4;
    return page.substr(from, page.find("</h2>") - from);
  };
  EXPECT_EQ(heading("灯台 é 🎈"), "灯台 é 🎈");
  EXPECT_EQ(heading("caf\xe9!"), "caf" + bad + "!");
  EXPECT_EQ(heading("\xc0\xaf"), bad + bad) << "overlong";
  EXPECT_EQ(heading("\xed\xa0\x80"), bad + bad + bad) << "a surrogate";
  EXPECT_EQ(heading("\xf0\x9f\x8e"), bad + bad + bad) << "cut off";
  EXPECT_EQ(heading(std::string("a\0b\x1b", 4)), "a" + bad + "b" + bad);
}

TEST(IndexPage, LinksToTheFileWhateverItsName) {
  const auto link = [](const std::string& file) {
    const std::string page = index_page("t", {done(file, "a")});
    const std::size_t from = page.find("<video src=\"") + 12;
    return page.substr(from, page.find('"', from) - from);
  };
  EXPECT_EQ(link("a b.mp4"), "./a%20b.mp4");
  EXPECT_EQ(link("50%#?&\"'<.mp4"), "./50%25%23%3F%26%22%27%3C.mp4");
  EXPECT_EQ(link("é.mp4"), "./%C3%A9.mp4");
  EXPECT_EQ(link("javascript:alert(1).mp4"), "./javascript%3Aalert%281%29.mp4");
  EXPECT_EQ(link("shots/a.mp4"), "./shots/a.mp4");
  EXPECT_EQ(link("//host/a.mp4"), "/host/a.mp4") << "not another machine's";
}

TEST(IndexPage, ShowsPicturesAsPicturesAndLinksToTheRest) {
  EXPECT_THAT(
      index_page("t", {done("a.PNG", "a")}),
      HasSubstr("<a class=\"picture\" href=\"./a.PNG\"><img src=\"./a.PNG\" loading=\"lazy\" alt=\"a\">"));
  EXPECT_THAT(index_page("t", {done("a.mkv", "a")}),
              HasSubstr("<a class=\"picture\" href=\"./a.mkv\">open</a>"));
}

TEST(IndexPage, NeedsNothingFromElsewhere) {
  const std::string page = index_page("t", {done("a.mp4", "a")});
  EXPECT_THAT(page, Not(HasSubstr("http")));
  static const std::regex reference(R"((src|href|poster)="([^"]*)\")");
  for (std::sregex_iterator it(page.begin(), page.end(), reference), end; it != end; ++it) {
    EXPECT_THAT((*it)[2].str(), testing::AnyOf(testing::StartsWith("./a.mp4"), testing::StartsWith("data:")));
  }
}

TEST(IndexPage, OfDraftsHasNumbersAndCommandsAndFillsByItself) {
  IndexEntry entry = done("a.mp4", "a");
  entry.number = 7;
  entry.command = "sora-gen pick 7 'a <b>'";
  entry.poster = "\x89PNG and more";
  const std::string page = index_page("t", {entry}, true);
  EXPECT_THAT(page, HasSubstr("<span class=\"number\">7</span>"));
  EXPECT_THAT(page, HasSubstr("<code>sora-gen pick 7 &#39;a &lt;b&gt;&#39;</code>"));
  EXPECT_THAT(page, HasSubstr("data:image/png;base64,"));
  EXPECT_THAT(page, HasSubstr("location.reload"));
  EXPECT_THAT(index_page("t", {entry}), Not(HasSubstr("location.reload")));
}

TEST(IndexPage, OfAThousandEntriesHasThemAll) {
  std::vector<IndexEntry> entries(1000, done("a.mp4", std::string(300, 'x')));
  for (IndexEntry& entry : entries) entry.poster.assign(10'000, '\xd8');
  const std::string page = index_page("t", entries);
  EXPECT_EQ(count(page, "<li "), 1000U);
  EXPECT_LT(page.size(), 20'000'000U);
}

TEST(IndexPage, LeavesNoCharacterThatMakesTextLookOtherThanItIs) {
  const std::string hostile = "<b>\"'&\u202egpj.exe\u2066\xc2\x9b\x9b\x1b[31m";
  IndexEntry entry = done(hostile, hostile);
  entry.parameters = {{hostile, hostile}};
  IndexEntry failed = entry;
  failed.status = IndexStatus::failed;
  failed.error = hostile;
  const std::string page = index_page(hostile, {entry, failed});
  for (const char* bad : {"<b>", "\u202e", "\u2066", "\xc2\x9b", "\x1b"})
    EXPECT_THAT(page, Not(HasSubstr(bad)));
  EXPECT_THAT(page, HasSubstr("&lt;b&gt;&quot;&#39;&amp;\xef\xbf\xbdgpj.exe"));
  EXPECT_THAT(page, HasSubstr("href=\"./%3Cb%3E%22%27%26%E2%80%AEgpj.exe%E2%81%A6%C2%9B%9B%1B%5B31m\""));
}

}  // namespace
}  // namespace sora
