// Parameter sets of H.264 (ITU-T H.264, 7.3.2), as the headers of MP4 and Matroska files hold them
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

/// Of an "avcC" whose packets have lengths of four bytes; empty for anything else: also where a unit is cut
/// off, or is no parameter set of its list.
std::optional<ParameterSets> read_avcc(const std::uint8_t* data, std::size_t size);

/// The parameter sets among NAL units with lengths of four bytes one after another, as an encoder gives them.
ParameterSets read_nal_units(const std::uint8_t* data, std::size_t size);

/// Adds what `from` has. False where a set of the same number has other contents.
bool add_sets(ParameterSets& to, const ParameterSets& from);

/// The least number that no set has; empty where none is left, or no place in an "avcC".
std::optional<int> free_number(const ParameterSets& sets);

/// With the highest profile and level of the sets, which are of the functions above. chroma_format_idc is 1
/// for 4:2:0, 2 for 4:2:2 and 3 for 4:4:4.
Bytes write_avcc(const ParameterSets& sets, int chroma_format_idc, int bit_depth);

/// Whether bytes are a header of AV1 streams: an "av1C" of version 1 (AV1 Codec ISO Media File Format
/// Binding, 2.3), or OBUs alone, as files without an "av1C" have them. The OBUs must lie within it.
bool is_av1_header(const std::uint8_t* data, std::size_t size);

/// Whether a packet of NAL units with lengths of four bytes begins a stream: its first slice is of an IDR
/// picture.
bool is_idr(const std::uint8_t* data, std::size_t size);

}  // namespace sora
