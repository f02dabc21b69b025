#include "watermark/key.h"

#include <cstdlib>

#include "core/file.h"
#include "core/sha256.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr std::size_t kShortest = 16, kLongest = 1 << 20;  // bytes of a file
constexpr std::size_t kDigits = 8;                         // hexadecimal, of a number

}  // namespace

WatermarkKey common_watermark_key() {
  return {sha256_hex("sora-gen, the common key of watermarks, 1"), false};
}

WatermarkKey read_watermark_key(const std::filesystem::path& file) {
  const std::string contents = read_text(file, "watermark", kLongest);
  if (contents.size() < kShortest) {
    throw Error(ErrorKind::data, "watermark",
                file.string() + ": has " + std::to_string(contents.size()) +
                    " bytes, expected a key of at least " + std::to_string(kShortest) +
                    "; make one: head -c 32 /dev/urandom > FILE");
  }
  return {sha256_hex("sora-gen, a key of watermarks: " + contents), true};
}

std::uint32_t KeyStream::next() {
  if (at_ == block_.size()) {
    block_ = sha256_hex(key_.digest + " " + std::to_string(blocks_++));
    at_ = 0;
  }
  const std::string digits = block_.substr(at_, kDigits);
  at_ += kDigits;
  return static_cast<std::uint32_t>(std::strtoul(digits.c_str(), nullptr, 16));
}

std::uint32_t KeyStream::below(std::uint32_t count) {
  return static_cast<std::uint32_t>((std::uint64_t{next()} * count) >> 32);
}

}  // namespace sora
