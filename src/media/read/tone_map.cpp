#include "media/read/tone_map.h"

#include <algorithm>
#include <cmath>

namespace sora {
namespace {

constexpr double kWhite = 203;     // cd/m2, BT.2408
constexpr double kHlgPeak = 1000;  // cd/m2, BT.2100
constexpr double kPqPeak = 10000;  // cd/m2
constexpr int kCodes = 1 << 16;
constexpr int kFactors = 1 << 12;
constexpr int kSrgb = 1 << 14;

// SMPTE ST 2084.
constexpr double kM1 = 2610.0 / 16384, kM2 = 2523.0 / 4096 * 128;
constexpr double kC1 = 3424.0 / 4096, kC2 = 2413.0 / 4096 * 32, kC3 = 2392.0 / 4096 * 32;

double pq_light(double code) {
  const double p = std::pow(code, 1 / kM2);
  return kPqPeak * std::pow(std::max(p - kC1, 0.0) / (kC2 - kC3 * p), 1 / kM1);
}

double pq_code(double nits) {
  const double y = std::pow(std::clamp(nits / kPqPeak, 0.0, 1.0), kM1);
  return std::pow((kC1 + kC2 * y) / (1 + kC3 * y), kM2);
}

// The inverse OETF of BT.2100's HLG, scene light 0..1.
double hlg_light(double code) {
  constexpr double a = 0.17883277, b = 0.28466892, c = 0.55991073;
  return code <= 0.5 ? code * code / 3 : (std::exp((code - c) / a) + b) / 12;
}

double srgb_light(double code) {
  return code <= 0.04045 ? code / 12.92 : std::pow((code + 0.055) / 1.055, 2.4);
}

double srgb_code(double light) {
  return light <= 0.0031308 ? light * 12.92 : 1.055 * std::pow(light, 1 / 2.4) - 0.055;
}

// Linear RGB of these primaries to BT.709's, both with D65 (BT.2087; CSS Color 4).
std::array<float, 9> matrix(Primaries from) {
  switch (from) {
    case Primaries::bt2020:
      return {1.660491F,  -0.587641F, -0.072850F, -0.124550F, 1.132900F,
              -0.008349F, -0.018151F, -0.100579F, 1.118730F};
    case Primaries::p3:
      return {1.224940F, -0.224940F, 0.0F, -0.042057F, 1.042057F, 0.0F, -0.019638F, -0.078636F, 1.098274F};
    default:
      return {1, 0, 0, 0, 1, 0, 0, 0, 1};
  }
}

}  // namespace

ToneMap::ToneMap(Transfer transfer, Primaries primaries, double peak)
    : light_(kCodes),
      srgb_(kSrgb + 1),
      to_bt709_(matrix(primaries)),
      transfer_(transfer),
      peak_(transfer == Transfer::hlg ? kHlgPeak : std::clamp(peak, kWhite, kPqPeak)) {
  for (int i = 0; i < kCodes; ++i) {
    const double code = i / (kCodes - 1.0);
    const double light = transfer == Transfer::pq    ? pq_light(code)
                         : transfer == Transfer::hlg ? hlg_light(code)
                                                     : srgb_light(code);
    light_[static_cast<std::size_t>(i)] = static_cast<float>(light);
  }
  for (int i = 0; i <= kSrgb; ++i) {
    srgb_[static_cast<std::size_t>(i)] =
        static_cast<std::uint8_t>(std::lround(255 * srgb_code(static_cast<double>(i) / kSrgb)));
  }
  if (transfer == Transfer::sdr) return;
  factor_.resize(kFactors + 1);
  for (int i = 0; i <= kFactors; ++i) {
    const double root = static_cast<double>(i) / kFactors;
    factor_[static_cast<std::size_t>(i)] = static_cast<float>(curve(root * root * kPqPeak));
  }
}

// BT.2390's EETF with black at 0: E1 is the PQ code relative to the source's peak.
double ToneMap::curve(double nits) const {
  const double source = pq_code(peak_), most = pq_code(kWhite) / source, knee = 1.5 * most - 0.5;
  if (nits <= 0) return 1 / kWhite;
  double e = std::min(pq_code(nits) / source, 1.0);
  if (e > knee) {
    const double t = (e - knee) / (1 - knee), t2 = t * t, t3 = t2 * t;
    e = (2 * t3 - 3 * t2 + 1) * knee + (t3 - 2 * t2 + t) * (1 - knee) + (-2 * t3 + 3 * t2) * most;
  }
  return pq_light(e * source) / nits / kWhite;
}

void ToneMap::row(const std::uint16_t* rgb16, std::uint8_t* out, int width) const {
  for (int x = 0; x < width; ++x, rgb16 += 3, out += 3) {
    float r = light_[rgb16[0]], g = light_[rgb16[1]], b = light_[rgb16[2]];
    if (transfer_ == Transfer::hlg) {
      const float y = 0.2627F * r + 0.6780F * g + 0.0593F * b;
      const float gain = static_cast<float>(kHlgPeak) * std::pow(std::max(y, 1e-6F), 0.2F);
      r *= gain;
      g *= gain;
      b *= gain;
    }
    if (transfer_ != Transfer::sdr) {
      const float brightest = std::max({r, g, b});
      const float at = std::sqrt(std::min(brightest / static_cast<float>(kPqPeak), 1.0F)) * kFactors;
      const int below = std::min(static_cast<int>(at), kFactors - 1);
      const float part = at - static_cast<float>(below);
      const auto i = static_cast<std::size_t>(below);
      const float factor = factor_[i] + part * (factor_[i + 1] - factor_[i]);
      r *= factor;
      g *= factor;
      b *= factor;
    }
    for (std::size_t c = 0; c < 3; ++c) {
      const float light = to_bt709_[3 * c] * r + to_bt709_[3 * c + 1] * g + to_bt709_[3 * c + 2] * b;
      out[c] = srgb_[static_cast<std::size_t>(std::lround(std::clamp(light, 0.0F, 1.0F) * kSrgb))];
    }
  }
}

}  // namespace sora
