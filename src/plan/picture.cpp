#include "plan/picture.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "plan/verbs/verb.h"

namespace sora {
namespace {

constexpr int kDraftShare = 4;  // of the native area

}  // namespace

const Canvas& Canvases::native(Size wanted, std::int64_t area, Size grid) {
  const auto key = std::tuple(wanted.width, wanted.height, area, grid.width, grid.height);
  const auto known = known_.find(key);
  if (known != known_.end()) return known->second;
  return known_.emplace(key, native_canvas(wanted, area, grid)).first->second;
}

void plan_picture(Plan& plan, const ModelFacts& model, Canvases& canvases) {
  const Request& request = plan.request;
  const Size grid{model.spatial_scale * model.patch_width, model.spatial_scale * model.patch_height};
  std::int64_t native_area = static_cast<std::int64_t>(model.width) * model.height;
  if (request.draft)
    native_area = std::min(native_area, std::max(model.smallest_area, native_area / kDraftShare));
  Size wanted{model.width, model.height};
  Canvas canvas;
  std::optional<std::string> asked = request.res;
  if (!asked && !request.aspect && !request.draft && !model.res.empty()) asked = model.res;
  if (const auto res = parse_res(asked, request.aspect)) {
    wanted = *res;
    const std::int64_t area = static_cast<std::int64_t>(wanted.width) * wanted.height;
    const bool direct = area <= native_area && area >= model.smallest_area;
    canvas = direct ? exact_canvas(wanted, grid)
                    : canvases.native(wanted, std::clamp(area, model.smallest_area, native_area), grid);
  } else if (request.aspect || request.draft) {
    const double aspect =
        request.aspect ? parse_aspect(*request.aspect) : static_cast<double>(model.width) / model.height;
    const Size shape{static_cast<int>(std::lround(4096 * aspect)), 4096};
    canvas = canvases.native(shape, native_area, grid);
    const bool own_size = model.res.empty() || request.draft;
    if (const auto usual = parse_res(own_size ? std::nullopt : std::optional(model.res), {})) {
      // The file has the area that it has without --aspect.
      const double height = std::sqrt(static_cast<double>(usual->width) * usual->height / aspect);
      wanted = {2 * static_cast<int>(std::lround(height * aspect / 2)),
                2 * static_cast<int>(std::lround(height / 2))};
    } else {
      wanted = {canvas.crop.width / 2 * 2, canvas.crop.height / 2 * 2};
      canvas.crop = wanted;
    }
  } else {
    canvas = exact_canvas(wanted, grid);
  }
  plan.picture.model_width = canvas.made.width;
  plan.picture.model_height = canvas.made.height;
  plan.picture.crop_width = canvas.crop.width;
  plan.picture.crop_height = canvas.crop.height;
  plan.picture.width = wanted.width;
  plan.picture.height = wanted.height;
  // Beside a clip, new frames are enlarged before they are written.
  const bool joins = joins_clips(request);
  plan.picture.frame_width = joins ? plan.picture.width : plan.picture.crop_width;
  plan.picture.frame_height = joins ? plan.picture.height : plan.picture.crop_height;
  plan.picture.enlarged =
      plan.picture.crop_width != plan.picture.width || plan.picture.crop_height != plan.picture.height;
  plan.picture.latent_channels = model.latent_channels;
  plan.picture.latent_width = plan.picture.model_width / model.spatial_scale;
  plan.picture.latent_height = plan.picture.model_height / model.spatial_scale;
  const auto size_text = [](int w, int h) { return std::to_string(w) + "x" + std::to_string(h); };
  if (plan.picture.enlarged) {
    const bool larger = plan.picture.width > plan.picture.crop_width;
    plan.notes.push_back("the picture is made at " +
                         size_text(plan.picture.crop_width, plan.picture.crop_height) +
                         (request.draft ? ", as a draft, and " : ", the model's native area, and ") +
                         (larger ? "enlarged" : "reduced") + " to " +
                         size_text(plan.picture.width, plan.picture.height) + " (Lanczos)");
  }
  if (plan.picture.crop_width != plan.picture.model_width ||
      plan.picture.crop_height != plan.picture.model_height) {
    plan.notes.push_back(
        "the network makes " + size_text(plan.picture.model_width, plan.picture.model_height) +
        ", of which the centre " + size_text(plan.picture.crop_width, plan.picture.crop_height) + " is kept");
  }
}

}  // namespace sora
