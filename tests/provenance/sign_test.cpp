// What is signed reads as whole, in every format; what is changed afterwards reads as altered.
#include "provenance/sign.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/output/output_format.h"
#include "error_of.h"
#include "file_contents.h"
#include "media/write/video_writer.h"
#include "provenance/c2pa_library.h"
#include "provenance/credentials.h"
#include "provenance/media_type.h"
#include "provenance/new_key.h"
#include "provenance/signed.h"

namespace sora::test {
namespace {

namespace fs = std::filesystem;
using State = Credentials::State;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr int kWidth = 64, kHeight = 48;

void write_video(const fs::path& path) {
  const OutputFormat format = resolve_output(path.string());
  VideoSettings settings;
  settings.source_width = settings.width = kWidth;
  settings.source_height = settings.height = kHeight;
  settings.frames = format.still && !format.animation ? 1 : 5;
  settings.fps = 10;
  settings.container = format.container;
  settings.codec = format.codec;
  settings.pix_fmt = format.pix_fmt;
  settings.metadata = {{"comment", "{}"}};
  Destination destination;
  destination.path = path.string();
  const auto writer = open_writer(settings, destination);
  std::vector<std::uint8_t> rgb(std::size_t{kWidth} * kHeight * 3);
  std::uint32_t noise = 1;
  for (int frame = 0; frame < settings.frames; ++frame) {
    for (auto& value : rgb) value = static_cast<std::uint8_t>((noise = noise * 1664525U + 1013904223U) >> 24);
    writer->write(rgb.data(), std::ptrdiff_t{kWidth} * 3);
  }
  writer->finish();
}

Statement a_statement() {
  Statement statement;
  statement.title = "clip";
  statement.verb = "generate";
  statement.model = "default";
  statement.model_digest = "0123456789abcdef";
  return statement;
}

void write(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// Signs as an output is signed, with credentials in it or beside it.
fs::path sign(const fs::path& from, const fs::path& to, const Statement& statement) {
  const MediaType type = media_type(resolve_output(to.string()).container);
  const SigningKey key = users_signing_key();
  if (type.carries) {
    write(to, "");
    sign_file(from, to, type.name, statement, key);
  } else {
    fs::copy_file(from, to, fs::copy_options::overwrite_existing);
    write(credentials_beside(to), credentials_for(to, type.name, statement, key));
  }
  return to;
}

// Where bytes from the middle of the unsigned file are in the signed one: in what is shown.
std::size_t middle_of(const std::string& plain, const std::string& with_credentials) {
  return with_credentials.find(plain.substr(plain.size() / 2, 24));
}

class EveryFormat : public Signed, public testing::WithParamInterface<const char*> {};

TEST_P(EveryFormat, IsWholeWhenSignedAndAlteredWhenAByteIsChanged) {
  const std::string name = GetParam();
  const fs::path plain = folder / ("plain." + name), file = folder / ("clip." + name);
  write_video(plain);
  EXPECT_EQ(read_credentials(plain).state, State::none);
  sign(plain, file, a_statement());

  const Credentials found = read_credentials(file);
  EXPECT_EQ(found.state, State::untrusted) << found.problem;
  EXPECT_TRUE(found.generated);
  EXPECT_TRUE(found.own_key);
  EXPECT_FALSE(found.altered);
  EXPECT_EQ(found.source, "trainedAlgorithmicMedia");
  EXPECT_EQ(found.generator, "sora-gen " SORA_GEN_VERSION);
  EXPECT_EQ(found.model, "default");
  EXPECT_EQ(found.prompt, "");

  std::string bytes = contents(file);
  const std::size_t at = middle_of(contents(plain), bytes);
  ASSERT_NE(at, std::string::npos);
  bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
  write(file, bytes);
  const Credentials changed = read_credentials(file);
  EXPECT_EQ(changed.state, State::invalid);
  EXPECT_TRUE(changed.altered) << testing::PrintToString(changed.faults);
}

TEST_P(EveryFormat, ThatIsCutAnywhereNeverReadsAsWhole) {
  const std::string name = GetParam();
  write_video(folder / ("plain." + name));
  const fs::path file = sign(folder / ("plain." + name), folder / ("clip." + name), a_statement());
  const std::string bytes = contents(file);
  for (std::size_t part = 1; part < 8; ++part) {
    write(file, bytes.substr(0, bytes.size() * part / 8));
    const State state = read_credentials(file).state;
    EXPECT_TRUE(state != State::untrusted && state != State::trusted) << part;
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, EveryFormat,
                         testing::Values("mp4", "mov", "png", "jpg", "webp", "gif", "avif", "mkv", "webm"),
                         [](const auto& test) { return std::string(test.param); });

class Signing : public Signed {
 protected:
  fs::path clip(const std::string& name) {
    write_video(folder / ("plain-" + name));
    return folder / ("plain-" + name);
  }
  Credentials signed_from(const Statement& statement) {
    return read_credentials(sign(clip("out.mp4"), folder / "out.mp4", statement));
  }
};

TEST_F(Signing, KeepsTheCredentialsOfWhatAnEditWasMadeFrom) {
  Statement statement = a_statement();
  statement.verb = "extend";
  statement.composite = true;
  const fs::path input = sign(clip("in.mp4"), folder / "in.mp4", a_statement());
  statement.ingredients = {{input, "in.mp4", Ingredient::Role::opened}};
  const Credentials found = signed_from(statement);
  EXPECT_EQ(found.state, State::untrusted) << testing::PrintToString(found.faults);
  EXPECT_EQ(found.source, "compositeWithTrainedAlgorithmicMedia");
  EXPECT_TRUE(found.from_generated);
  EXPECT_THAT(found.ingredients, ElementsAre("in.mp4"));
}

TEST_F(Signing, TakesInputsOfEveryKind) {
  Statement statement = a_statement();
  statement.composite = true;
  write(folder / "damaged.mp4", contents(clip("a.mp4")).substr(0, 300));
  statement.ingredients = {{clip("in.mp4"), "plain", Ingredient::Role::opened},
                           {clip("b.mkv"), "matroska", Ingredient::Role::placed},
                           {folder / "damaged.mp4", "damaged", Ingredient::Role::input},
                           {folder / "gone.png", "gone", Ingredient::Role::input},
                           {folder.path(), "a folder", Ingredient::Role::input}};
  const Credentials found = signed_from(statement);
  EXPECT_EQ(found.state, State::untrusted) << found.problem << testing::PrintToString(found.faults);
  EXPECT_FALSE(found.from_generated);
  EXPECT_EQ(found.ingredients.size(), 5U);
}

TEST_F(Signing, HasThePromptWhereThatIsWanted) {
  Statement statement = a_statement();
  statement.prompt = "a \"lighthouse\"\nby the sea \xff";
  EXPECT_THAT(signed_from(statement).prompt, HasSubstr("a \"lighthouse\"\nby the sea"));
}

TEST_F(Signing, IsTrustedByTheListThatHasItsAuthority) {
  const fs::path file = sign(clip("out.mp4"), folder / "out.mp4", a_statement());
  EXPECT_EQ(read_credentials(file, users_signing_key().certificates).state, State::trusted);
  const std::string others = new_key_with_certificates();
  const Credentials found = read_credentials(file, others.substr(others.find("-----BEGIN CERTIFICATE")));
  EXPECT_EQ(found.state, State::untrusted);
}

TEST_F(Signing, BySomeoneElseIsNotTakenForTheUsersOwn) {
  const fs::path file = sign(clip("out.mp4"), folder / "out.mp4", a_statement());
  fs::remove(users_key_file());
  (void)users_signing_key();  // a new one, with the same names in it
  const Credentials found = read_credentials(file);
  EXPECT_EQ(found.state, State::untrusted);
  EXPECT_TRUE(found.self_made);
  EXPECT_FALSE(found.own_key);
}

TEST_F(Signing, LeavesNothingOfAKeyInTheFile) {
  const fs::path file = sign(clip("out.mp4"), folder / "out.mp4", a_statement());
  const std::string key = users_signing_key().key, bytes = contents(file);
  EXPECT_EQ(bytes.find("PRIVATE KEY"), std::string::npos);
  EXPECT_EQ(bytes.find(key.substr(40, 40)), std::string::npos);
  EXPECT_EQ(bytes.find(folder.path().string()), std::string::npos);  // nor of a path
}

TEST_F(Signing, OfCredentialsChangedAtAnyByteNeverFails) {
  const fs::path file = sign(clip("out.png"), folder / "out.png", a_statement());
  const std::string bytes = contents(file);
  const std::size_t begin = bytes.find("jumb");
  ASSERT_NE(begin, std::string::npos);
  for (std::size_t i = 0; i < 36; ++i) {  // at their end are zeros that fill the place of the signature
    std::string changed = bytes;
    changed[begin + i * 67] = static_cast<char>(changed[begin + i * 67] ^ 0xff);
    write(file, changed);
    const State state = read_credentials(file).state;
    EXPECT_TRUE(state != State::untrusted && state != State::trusted) << i;
  }
}

TEST_F(Signing, TakesNoLibraryOfAnotherVersion) {
  ::setenv("SORA_GEN_C2PA", (folder / "libc2pa_c.so").c_str(), 1);
  write(folder / "libc2pa_c.so", "no library");
  const fs::path plain = clip("out.png");
  write(folder / "out.png", "");
  expect_error([&] { sign_file(plain, folder / "out.png", "image/png", a_statement(), users_signing_key()); },
               ErrorKind::unavailable, "libc2pa_c.so");
}

TEST_F(Signing, FailsWhereTheDiskIsFull) {
  if (::access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full here";
  const fs::path plain = clip("out.png");
  EXPECT_THROW(sign_file(plain, "/dev/full", "image/png", a_statement(), users_signing_key()), Error);
}

TEST(Manifest, NamesTheRoleOfEachInput) {
  Statement statement = a_statement();
  statement.verb = "connect";
  statement.composite = true;
  statement.ingredients = {{"a", "a", Ingredient::Role::opened}, {"b", "b", Ingredient::Role::placed}};
  const std::string text = manifest_definition(statement, "video/mp4").dump();
  EXPECT_THAT(text, HasSubstr(R"({"action":"c2pa.opened","parameters":{"ingredientIds":["input-1"]}})"));
  EXPECT_THAT(text, HasSubstr(R"({"action":"c2pa.placed","parameters":{"ingredientIds":["input-2"]}})"));
  EXPECT_THAT(text, HasSubstr("c2pa.edited"));
}

}  // namespace
}  // namespace sora::test
