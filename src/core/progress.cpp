#include "sora/progress.h"

namespace sora {

const char* phase_name(Phase phase) {
  switch (phase) {
    case Phase::load:
      return "load";
    case Phase::encode_text:
      return "encode_text";
    case Phase::denoise:
      return "denoise";
    case Phase::decode:
      return "decode";
    case Phase::finish:
      break;
  }
  return "finish";
}

const char* phase_text(Phase phase) {
  switch (phase) {
    case Phase::load:
      return "loading the model";
    case Phase::encode_text:
      return "reading the prompt";
    case Phase::denoise:
      return "denoising";
    case Phase::decode:
      return "decoding";
    case Phase::finish:
      break;
  }
  return "finishing";
}

}  // namespace sora
