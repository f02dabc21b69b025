#include "plan/picture.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "plan/verbs/verb.h"

namespace sora {
namespace {

constexpr int kDraftShare = 4;  // a draft has this part of the native area

struct Sizes {
  Canvas canvas;
  Size file;
};

std::string size_text(int width, int height) { return std::to_string(width) + "x" + std::to_string(height); }

std::int64_t area_of(Size size) { return static_cast<std::int64_t>(size.width) * size.height; }

// A size within the native area is made exactly; a larger or a very small one at another area and resampled.
Sizes sizes_for(Size file, const ModelFacts& model, std::int64_t native_area, Size grid, Canvases& canvases) {
  const std::int64_t area = area_of(file);
  if (area <= native_area && area >= model.smallest_area) return {exact_canvas(file, grid), file};
  return {canvases.native(file, std::clamp(area, model.smallest_area, native_area), grid), file};
}

// The native area in the shape of --aspect (of a draft without it, in the model's own shape).
Sizes sizes_for_aspect(const Request& request, const ModelFacts& model, std::int64_t native_area, Size grid,
                       Canvases& canvases) {
  const double aspect =
      request.aspect ? parse_aspect(*request.aspect) : static_cast<double>(model.width) / model.height;
  const Size shape{static_cast<int>(std::lround(4096 * aspect)), 4096};
  Canvas canvas = canvases.native(shape, native_area, grid);
  if (model.res.empty() || request.draft) {
    canvas.crop = {canvas.crop.width / 2 * 2, canvas.crop.height / 2 * 2};
    return {canvas, canvas.crop};
  }
  // The file has the same area as without --aspect.
  const double area = static_cast<double>(area_of(*parse_res(model.res, {})));
  const double height = std::sqrt(area / aspect);
  return {canvas,
          {2 * static_cast<int>(std::lround(height * aspect / 2)),
           2 * static_cast<int>(std::lround(height / 2))}};
}

Sizes choose_sizes(const Request& request, const ModelFacts& model, bool small, Size grid,
                   Canvases& canvases) {
  const Size native{model.width, model.height};
  std::int64_t native_area = area_of(native);
  if (small) native_area = std::min(native_area, std::max(model.smallest_area, native_area / kDraftShare));
  std::optional<std::string> res = request.res;
  if (!res && !request.aspect && !request.draft && !model.res.empty()) res = model.res;
  if (const auto file = parse_res(res, request.aspect))
    return sizes_for(*file, model, native_area, grid, canvases);
  if (request.aspect || request.draft) return sizes_for_aspect(request, model, native_area, grid, canvases);
  if (small) return sizes_for(native, model, native_area, grid, canvases);
  return {exact_canvas(native, grid), native};
}

void note_sizes(const Picture& picture, bool draft, std::vector<std::string>& notes) {
  const std::string crop = size_text(picture.crop_width, picture.crop_height);
  if (picture.enlarged) {
    notes.push_back("the picture is made at " + crop +
                    (draft ? ", as a draft, and " : ", the model's native area, and ") +
                    (picture.width > picture.crop_width ? "enlarged" : "reduced") + " to " +
                    size_text(picture.width, picture.height) + " (Lanczos)");
  }
  if (picture.crop_width != picture.model_width || picture.crop_height != picture.model_height) {
    notes.push_back("the network makes " + size_text(picture.model_width, picture.model_height) +
                    ", cropped to the " + crop + " at its centre");
  }
}

}  // namespace

const Canvas& Canvases::native(Size wanted, std::int64_t area, Size grid) {
  const auto key = std::tuple(wanted.width, wanted.height, area, grid.width, grid.height);
  const auto known = known_.find(key);
  if (known != known_.end()) return known->second;
  return known_.emplace(key, native_canvas(wanted, area, grid)).first->second;
}

void plan_file_size(Plan& plan, Size file) {
  Picture& picture = plan.picture;
  picture.width = file.width;
  picture.height = file.height;
  // Beside a clip's frames or pixels, and on a GPU, frames are resampled to the file's size before the writer
  // has them.
  const bool resampled = adds_to_clip(plan.request) || verb_kind(plan.request.verb) == VerbKind::edit ||
                         plan.machine.device != "cpu";
  picture.frame_width = resampled ? picture.width : picture.crop_width;
  picture.frame_height = resampled ? picture.height : picture.crop_height;
  picture.enlarged = picture.crop_width != picture.width || picture.crop_height != picture.height;
  note_sizes(picture, plan.request.draft, plan.notes);
}

void plan_picture(Plan& plan, const ModelFacts& model, Canvases& canvases, bool small) {
  const Size grid{model.spatial_scale * model.patch_width, model.spatial_scale * model.patch_height};
  const auto [canvas, file] = choose_sizes(plan.request, model, small, grid, canvases);
  Picture& picture = plan.picture;
  picture.model_width = canvas.made.width;
  picture.model_height = canvas.made.height;
  picture.crop_width = canvas.crop.width;
  picture.crop_height = canvas.crop.height;
  picture.latent_channels = model.latent_channels;
  picture.latent_width = picture.model_width / model.spatial_scale;
  picture.latent_height = picture.model_height / model.spatial_scale;
  plan_file_size(plan, file);
}

}  // namespace sora
