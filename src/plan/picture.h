// The sizes of a plan: what the network makes, what of it is kept, and the file's.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>

#include "models/family.h"
#include "plan/geometry/size.h"
#include "sora/plan.h"

namespace sora {

/// Canvases that were searched for already: lists of jobs ask for few sizes.
class Canvases {
 public:
  const Canvas& native(Size wanted, std::int64_t area, Size grid);

 private:
  std::map<std::tuple<int, int, std::int64_t, int, int>, Canvas> known_;
};

/// Resolves --res, --aspect and --draft into `plan.picture`, and notes what is enlarged or cropped.
/// Throws Error (usage).
void plan_picture(Plan& plan, const ModelFacts& model, Canvases& canvases);

}  // namespace sora
