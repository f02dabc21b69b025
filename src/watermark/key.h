// The secret of a watermark: the pattern follows from it, and only who has it can read the mark.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace sora {

struct WatermarkKey {
  std::string digest;  ///< hexadecimal; everything follows from it
  bool own = false;    ///< of a file, not the one that every sora-gen has

  bool operator==(const WatermarkKey&) const = default;
};

/// The key that every copy of the program has, so that everyone's can read everyone's marks.
WatermarkKey common_watermark_key();

/// A key of one's own: all bytes of a file, of 16 bytes at least and 1 MB at most. Throws Error: no_input,
/// io, data.
WatermarkKey read_watermark_key(const std::filesystem::path& file);

/// Random numbers that follow from a key, the same on every machine.
class KeyStream {
 public:
  explicit KeyStream(const WatermarkKey& key) : key_(key) {}

  std::uint32_t next();
  double unit() { return next() * 0x1p-32; }  ///< from 0, below 1
  std::uint32_t below(std::uint32_t count);   ///< from 0, below count

 private:
  WatermarkKey key_;
  std::string block_;
  std::size_t at_ = 0;
  std::uint64_t blocks_ = 0;
};

}  // namespace sora
