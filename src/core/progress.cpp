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

}  // namespace sora
