#include "plan/verbs/edit/mask_probe.h"

#include <utility>

#include "sora/error.h"

namespace sora {
namespace {

MaskProbe& probe() {
  static MaskProbe value;
  return value;
}

}  // namespace

void set_mask_probe(MaskProbe value) { probe() = std::move(value); }

MaskFacts probed_mask(const std::filesystem::path& path) {
  if (!probe()) throw Error(ErrorKind::internal, "input", path.string() + ": there is no media reader");
  return probe()(path);
}

}  // namespace sora
