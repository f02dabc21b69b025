// The sentences about motion that Open-Sora 2.0 was trained with at the end of each prompt.
#pragma once

#include <string>

namespace sora::opensora {

constexpr int kFps = 24;

/// The prompt with " 24 FPS. 4 motion score." at its end, as Open-Sora's inference.py writes it. What already
/// ends with "N FPS." gets the second part alone, what ends with "N motion score." nothing: so a prompt may
/// choose its own score. A prompt of white space stays empty: it is the usual negative prompt, which has none
/// of this.
std::string with_motion(const std::string& prompt);

}  // namespace sora::opensora
