// The sizes of a plan: of the picture that the network makes, of its crop, and of the file.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>

#include "models/family.h"
#include "plan/geometry/size.h"
#include "sora/plan.h"

namespace sora {

/// Remembers the canvases that native_canvas() found: its search is slow, and a list of jobs asks for few
/// sizes.
class Canvases {
 public:
  const Canvas& native(Size wanted, std::int64_t area, Size grid);

 private:
  std::map<std::tuple<int, int, std::int64_t, int, int>, Canvas> known_;
};

/// Resolves --res, --aspect and --draft into `plan.picture`, and notes what is enlarged or cropped. `small`:
/// made as small as a draft, whatever the size of the file is. Throws Error (usage).
void plan_picture(Plan& plan, const ModelFacts& model, Canvases& canvases, bool small);

/// The size of the file, to which frames of the crop's size are resampled where it differs, and a note of it.
void plan_file_size(Plan& plan, Size file);

}  // namespace sora
