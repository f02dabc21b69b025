// Converts wide and bright colours (HDR, BT.2020, Display P3) to sRGB.
//
// libavfilter is not used: it has the curve of BT.2390 only with a GPU, and zscale only in some builds.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sora {

enum class Transfer { sdr, pq, hlg };
enum class Primaries { bt709, bt2020, p3 };

// Note [Tone mapping]
// PQ gives absolute light (SMPTE ST 2084); HLG gives scene light, which the OOTF of BT.2100 for a display of
// 1000 cd/m2 turns into absolute light. The curve is the EETF of BT.2390-11, 5.4.1: linear up to a
// knee, and from there a Hermite spline that maps the source's peak to the display's. It is applied to the
// largest of R, G and B, so that hues do not change. The display's peak is 203 cd/m2, HDR's reference white
// (BT.2408), which becomes sRGB's white. Then the primaries change in linear light; what lies outside sRGB is
// clipped.
class ToneMap {
 public:
  /// `peak`: of the source, cd/m2; used for PQ alone.
  ToneMap(Transfer transfer, Primaries primaries, double peak);

  /// rgb16 [width, 3] native-endian code values of full range -> sRGB.
  void row(const std::uint16_t* rgb16, std::uint8_t* out, int width) const;

 private:
  double curve(double nits) const;  // the factor for light of that brightness

  std::vector<float>
      light_;  // indexed by the 16-bit code value; linear, 1 is white (SDR), cd/m2 (PQ), scene (HLG)
  std::vector<float> factor_;        // indexed by the square root of the brightness
  std::vector<std::uint8_t> srgb_;   // indexed by linear light, 0..1
  std::array<float, 9> to_bt709_{};  // rows
  Transfer transfer_;
  double peak_;
};

}  // namespace sora
