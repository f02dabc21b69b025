// For each rule of the format, files that break it.
#include "checkpoint/safetensors.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "sora/error.h"
#include "temporary_folder.h"

namespace fs = std::filesystem;

namespace sora {
namespace {

class Safetensors : public testing::Test {
 protected:
  void write(const std::string& header, std::size_t data, std::uint64_t claimed = 0) const {
    std::ofstream out(path_, std::ios::binary);
    const std::uint64_t length = claimed ? claimed : header.size();
    out.write(reinterpret_cast<const char*>(&length), sizeof length);
    out << header << std::string(data, '\x01');
  }

  ErrorKind kind(const std::string& header, std::size_t data, std::uint64_t claimed = 0) const {
    write(header, data, claimed);
    try {
      SafetensorsFile file(path_);
    } catch (const Error& error) {
      return error.kind();
    }
    ADD_FAILURE() << "taken: " << header;
    return ErrorKind::internal;
  }

  const TemporaryFolder folder_;
  const fs::path path_ = folder_ / "test.safetensors";
};

TEST_F(Safetensors, ReadsShapesTypesMetadataAndBytes) {
  write(
      R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},)"
      R"("scalar":{"dtype":"U8","shape":[],"data_offsets":[8,9]},"empty":{"dtype":"BF16","shape":[0,3],"data_offsets":[9,9]}}  )",
      9);
  const SafetensorsFile file(path_);
  EXPECT_EQ(file.metadata().at("format"), "pt");
  EXPECT_EQ(file.tensors().size(), 3u);
  EXPECT_EQ(file.tensors().at("a").shape, (std::vector<std::int64_t>{2, 1}));
  EXPECT_TRUE(file.tensors().at("scalar").shape.empty());
  std::uint32_t values[2] = {};
  file.read(file.tensors().at("a"), values);
  EXPECT_EQ(values[1], 0x01010101u);
}

TEST_F(Safetensors, BrokenFilesAreBadData) {
  const char* good = R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})";
  EXPECT_EQ(kind(good, 3), ErrorKind::data) << "truncated data";
  EXPECT_EQ(kind(good, 5), ErrorKind::data) << "bytes that belong to no tensor";
  EXPECT_EQ(kind(good, 4, 1000), ErrorKind::data) << "header longer than the file";
  EXPECT_EQ(kind(good, 4, ~0ull), ErrorKind::data) << "header of 2^64 - 1 bytes";
  EXPECT_EQ(kind("", 100, 50), ErrorKind::data) << "no JSON";
  EXPECT_EQ(kind("[1]", 0), ErrorKind::data);
  EXPECT_EQ(kind(R"({"a":)", 0), ErrorKind::data);
  EXPECT_EQ(
      kind(
          R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})",
          4),
      ErrorKind::data)
      << "a name twice";
  EXPECT_EQ(kind(R"({"a":{"dtype":"U8","dtype":"U8","shape":[4],"data_offsets":[0,4]}})", 4), ErrorKind::data)
      << "a field twice";
  EXPECT_EQ(kind(R"({"a":{"dtype":"U8","shape":[4]}})", 4), ErrorKind::data) << "no offsets";
  EXPECT_EQ(kind(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4],"x":1}})", 4), ErrorKind::data);
  EXPECT_EQ(kind(R"({"a":{"dtype":"Q4","shape":[4],"data_offsets":[0,4]}})", 4), ErrorKind::data);
  EXPECT_EQ(kind(R"({"a":{"dtype":"U8","shape":[-4],"data_offsets":[0,4]}})", 4), ErrorKind::data);
  EXPECT_EQ(kind(R"({"a":{"dtype":"U8","shape":[4.0],"data_offsets":[0,4]}})", 4), ErrorKind::data);
  EXPECT_EQ(kind(R"({"a":{"dtype":"U8","shape":[[4]],"data_offsets":[0,4]}})", 4), ErrorKind::data);
  EXPECT_EQ(kind(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[4,0]}})", 4), ErrorKind::data);
  EXPECT_EQ(kind(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4,4]}})", 4), ErrorKind::data);
  EXPECT_EQ(kind(R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[0,4]}})", 4), ErrorKind::data)
      << "type and bytes differ";
  EXPECT_EQ(kind(R"({"a":{"dtype":"F64","shape":[4611686018427387904,4],"data_offsets":[0,0]}})", 0),
            ErrorKind::data)
      << "overflow";
  EXPECT_EQ(kind(R"({"a":{"dtype":"U8","shape":[18446744073709551615],"data_offsets":[0,0]}})", 0),
            ErrorKind::data);
  EXPECT_EQ(
      kind(
          R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
          3),
      ErrorKind::data)
      << "overlap";
  EXPECT_EQ(
      kind(
          R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[3,5]}})",
          5),
      ErrorKind::data)
      << "hole";
  EXPECT_EQ(kind(R"({"__metadata__":{"a":1},"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})", 4),
            ErrorKind::data)
      << "metadata that is no text";
  std::string deep = R"({"a":)";
  for (int i = 0; i < 100000; ++i) deep += "[";
  EXPECT_EQ(kind(deep, 0), ErrorKind::data) << "deep nesting";
}

// A training's log in the metadata: 60 MB of the 100 MB that the format allows.
TEST_F(Safetensors, LongTextsAndBlanksBesideTheTensorsAreRead) {
  const std::string tensor = R"("a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]})";
  const std::string log(60'000'000, 'x');
  write(R"({"__metadata__":{"log":")" + log + R"(\"end","format":"pt"},)" + tensor + "}", 4);
  const SafetensorsFile file(path_);
  EXPECT_EQ(file.tensors().at("a").begin, fs::file_size(path_) - 4);
  EXPECT_EQ(file.metadata().at("format"), "pt");
  EXPECT_EQ(file.metadata().at("log"), std::string(file.metadata().at("log").size(), 'x'))
      << "cut, not changed";
  EXPECT_GE(file.metadata().at("log").size(), 1'000'000u) << "what a program keeps there itself is whole";

  write("{" + std::string(20'000'000, ' ') + "\n\t" + tensor + std::string(20'000'000, ' ') + "}", 4);
  EXPECT_EQ(SafetensorsFile(path_).tensors().size(), 1u);

  // Cut anywhere: never within a character or an escape, and the text ends where it ends.
  for (int shift = 0; shift < 8; ++shift) {
    std::string text(static_cast<std::size_t>(shift), 'x');
    while (text.size() < 4'200'000)
      text += "\u00e4\xc3\xa4\xf0\x9f\x98\x80 \\\"quoted\\\" \\ud83d\\ude00 plain text of some length ";
    write(R"({"__metadata__":{"log":")" + text + R"(\\"},)" + tensor + "}", 4);
    EXPECT_EQ(SafetensorsFile(path_).tensors().size(), 1u) << shift;
  }
}

TEST_F(Safetensors, AHeaderLengthThatLooksLikeAPickleIsNone) {
  std::string header = R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})";
  header.resize(0x280, ' ');  // the file begins with 80 02
  write(header, 4);
  EXPECT_EQ(SafetensorsFile(path_).tensors().size(), 1u);
}

TEST_F(Safetensors, PicklesAreRefusedWhateverTheirName) {
  std::ofstream(path_, std::ios::binary) << std::string("PK\x03\x04", 4) << std::string(100, '\0');
  EXPECT_THROW(
      {
        try {
          SafetensorsFile file(path_);
        } catch (const Error& error) {
          EXPECT_EQ(error.kind(), ErrorKind::refused);
          throw;
        }
      },
      Error);
}

}  // namespace
}  // namespace sora
