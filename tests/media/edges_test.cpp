// Edges against OpenCV's (scripts/goldens/vace.py): the same pixels.
#include "media/edges.h"

#include <gtest/gtest.h>

#include "checkpoint/safetensors.h"
#include "places.h"

namespace sora {
namespace {

std::vector<std::uint8_t> bytes_of(const SafetensorsFile& file, const std::string& name) {
  const TensorInfo& info = file.tensors().at(name);
  std::vector<std::uint8_t> bytes(info.end - info.begin);
  file.read(info, bytes.data());
  return bytes;
}

TEST(Edges, AreThoseOfOpenCv) {
  const SafetensorsFile file(test_data() / "vace/edges.safetensors");
  for (int number = 0; number < 5; ++number) {
    const std::string end = "_" + std::to_string(number);
    const auto& shape = file.tensors().at("edges" + end).shape;
    const RgbPicture made =
        edges_of({static_cast<int>(shape[1]), static_cast<int>(shape[0]), bytes_of(file, "image" + end)});
    const auto expected = bytes_of(file, "edges" + end);
    ASSERT_EQ(made.rgb.size(), 3 * expected.size());
    std::size_t differ = 0, white = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      differ += made.rgb[3 * i] != expected[i] || made.rgb[3 * i + 2] != expected[i] ? 1 : 0;
      white += expected[i] == 255 ? 1 : 0;
    }
    EXPECT_EQ(differ, 0U) << number << ", of " << white << " white pixels";
  }
}

}  // namespace
}  // namespace sora
