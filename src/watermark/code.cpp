#include "watermark/code.h"

#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

namespace sora {
namespace {

constexpr int kBits = 64;
constexpr int kMemory = 14;
constexpr std::uint32_t kStates = 1U << kMemory;
constexpr int kOutputs = 4;
constexpr std::array<std::uint32_t, kOutputs> kPolynomials{046321, 051271, 063667, 070535};
constexpr int kRounds = 3;

// The code bits of the newest bit, which is the highest of `window`, and the 14 before it: bit j is
// polynomial j's.
unsigned outputs_of(std::uint32_t window) {
  unsigned out = 0;
  for (int j = 0; j < kOutputs; ++j)
    out |= static_cast<unsigned>(std::popcount(window & kPolynomials.at(static_cast<std::size_t>(j))) & 1)
           << j;
  return out;
}

const std::vector<std::uint8_t>& output_table() {
  static const std::vector<std::uint8_t> table = [] {
    std::vector<std::uint8_t> made(2 * kStates);
    for (std::uint32_t window = 0; window < 2 * kStates; ++window)
      made[window] = static_cast<std::uint8_t>(outputs_of(window));
    return made;
  }();
  return table;
}

int bit_of(std::uint64_t bits, int i) { return static_cast<int>((bits >> (kBits - 1 - i)) & 1); }

// Of all 16 combinations of code bits, how well they fit the soft decisions of step i.
std::array<float, 16> fits(const std::array<float, kCodeBits>& soft, int i) {
  std::array<float, 16> values{};
  for (unsigned out = 0; out < values.size(); ++out)
    for (int j = 0; j < kOutputs; ++j) {
      const float value = soft.at(static_cast<std::size_t>(i * kOutputs + j));
      values.at(out) += ((out >> j) & 1) != 0 ? value : -value;
    }
  return values;
}

}  // namespace

std::array<std::int8_t, kCodeBits> encode(std::uint64_t bits) {
  std::array<std::int8_t, kCodeBits> code{};
  std::uint32_t window = 0;  // the newest bit is the highest
  const auto shift_in = [&](int i) {
    window = (window >> 1) | (static_cast<std::uint32_t>(bit_of(bits, i)) << kMemory);
  };
  for (int i = kBits - kMemory; i < kBits; ++i) shift_in(i);
  for (int i = 0; i < kBits; ++i) {
    shift_in(i);
    const unsigned out = output_table()[window];
    for (int j = 0; j < kOutputs; ++j)
      code.at(static_cast<std::size_t>(i * kOutputs + j)) =
          static_cast<std::int8_t>(((out >> j) & 1) != 0 ? 1 : -1);
  }
  return code;
}

std::uint64_t decode(const std::array<float, kCodeBits>& soft) {
  // Viterbi's algorithm, several times round the circle, since the state at its beginning is not known; the
  // bits are those of the round in the middle. A state is the last 14 bits, the newest the highest; the state
  // before it is that shifted by one, with either bit at the lowest place.
  constexpr int kSteps = kRounds * kBits;
  std::vector<float> now(kStates, 0), next(kStates);
  std::vector<std::uint8_t> lost(static_cast<std::size_t>(kSteps) * kStates);  // the bit that left the state
  const std::vector<std::uint8_t>& outputs = output_table();
  for (int step = 0; step < kSteps; ++step) {
    const std::array<float, 16> fit = fits(soft, step % kBits);
    std::uint8_t* lost_here = &lost[static_cast<std::size_t>(step) * kStates];
    for (std::uint32_t state = 0; state < kStates; ++state) {
      const std::uint32_t window = state << 1;  // and its lowest bit is the lost one
      const std::uint32_t before = window & (kStates - 1);
      const float zero = now[before] + fit[outputs[window]];
      const float one = now[before | 1] + fit[outputs[window | 1]];
      lost_here[state] = one > zero ? 1 : 0;
      next[state] = one > zero ? one : zero;
    }
    std::swap(now, next);
  }
  auto state = static_cast<std::uint32_t>(std::max_element(now.begin(), now.end()) - now.begin());
  std::uint64_t bits = 0;
  for (int step = kSteps - 1; step >= kBits; --step) {
    if (step < 2 * kBits)
      bits |= static_cast<std::uint64_t>(state >> (kMemory - 1)) << (kBits - 1 - step % kBits);
    state = ((state << 1) & (kStates - 1)) | lost[static_cast<std::size_t>(step) * kStates + state];
  }
  return bits;
}

}  // namespace sora
