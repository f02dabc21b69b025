// Parameter sets of H.264 (ITU-T H.264, 7.3.2), as the headers of MP4 and Matroska files store them
// (ISO/IEC 14496-15, 5.3.3, "avcC").
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace sora {

using Bytes = std::vector<std::uint8_t>;

struct ParameterSets {
  std::vector<Bytes> sequence;  ///< NAL units
  std::vector<Bytes> picture;
};

/// Reads an "avcC" whose packets have lengths of four bytes; empty for anything else, and where a unit is
/// truncated or is in the wrong list.
std::optional<ParameterSets> read_avcc(const std::uint8_t* data, std::size_t size);

/// The parameter sets among NAL units with lengths of four bytes, as an encoder gives them.
ParameterSets read_nal_units(const std::uint8_t* data, std::size_t size);

/// Adds the sets of `from`. False where a set of the same number has different contents.
bool add_sets(ParameterSets& to, const ParameterSets& from);

/// The smallest number that no set has; empty where none is left, or no room in an "avcC".
std::optional<int> free_number(const ParameterSets& sets);

/// Writes an "avcC" with the highest profile and level of the sets, which come from the functions above.
/// chroma_format_idc is 1 for 4:2:0, 2 for 4:2:2 and 3 for 4:4:4.
Bytes write_avcc(const ParameterSets& sets, int chroma_format_idc, int bit_depth);

/// Whether the bytes are a header of an AV1 stream: an "av1C" of version 1 (AV1 Codec ISO Media File Format
/// Binding, 2.3), or OBUs alone, as in files without an "av1C". The OBUs must fit in it.
bool is_av1_header(const std::uint8_t* data, std::size_t size);

/// Whether decoding can begin at a packet of NAL units with lengths of four bytes: its first slice is of an
/// IDR picture.
bool is_idr(const std::uint8_t* data, std::size_t size);

}  // namespace sora
