#include "plan/machine/strips.h"

#include <algorithm>
#include <string>

#include "core/text.h"
#include "sora/error.h"

namespace sora {
namespace {

// Of what the decoder is given at once.
std::int64_t latent_rows(const Picture& picture) {
  const std::int64_t rows = picture.latent_height;
  return picture.vae_tiling ? std::min<std::int64_t>(rows, picture.vae_tiling->rows.size) : rows;
}

// Why rank 0 must decode alone; empty: it need not.
std::string obstacle(const Picture& picture, const ModelFacts& model) {
  if (picture.tiny.decodes_file) return "since a tiny decoder works on whole pictures";
  if (!model.strip_bytes) return "since this model's decoder works on whole pictures";
  return latent_rows(picture) < 2 ? "since the latents have one row" : "";
}

// What is exchanged for a latent frame: within the decoder, and the latents to the others and frames from
// them.
std::uint64_t exchanged(const Picture& picture, const ModelFacts& model, int ranks) {
  const std::int64_t height = picture.latent_height, width = picture.latent_width,
                     scale = model.spatial_scale;
  const std::int64_t others = height - (height + ranks - 1) / ranks;  // rows
  const std::int64_t values = picture.latent_channels + 3 * model.temporal_scale * scale * scale;
  return model.strip_bytes(height * scale, width * scale, ranks) +
         static_cast<std::uint64_t>(others * width * values) * sizeof(float);
}

}  // namespace

void plan_strips(Plan& plan, const ModelFacts& model, std::optional<int> asked) {
  Parallel& parallel = plan.machine.parallel;
  const std::int64_t rows = latent_rows(plan.picture);
  const std::string why_not = obstacle(plan.picture, model);
  const auto wrong = [&](const std::string& why) {
    throw Error(ErrorKind::usage, "ranks", "--parallel decode:" + std::to_string(*asked) + ": " + why);
  };
  if (asked && *asked > 1) {
    if (!why_not.empty()) wrong("rank 0 decodes alone, " + why_not + "; use decode:1");
    if (*asked > parallel.ranks()) wrong("there are " + std::to_string(parallel.ranks()) + " ranks");
    if (*asked > rows)
      wrong("the latents have " + std::to_string(rows) + " rows, expected at most as many ranks");
  }
  const auto most = static_cast<int>(std::min<std::int64_t>(parallel.ranks(), rows));
  parallel.decode = asked.value_or(why_not.empty() ? most : 1);
  if (parallel.decode == 1) {
    parallel.text += "; rank 0 decodes alone, " + (asked ? "as --parallel asks" : why_not);
    return;
  }
  parallel.decode_bytes = exchanged(plan.picture, model, parallel.decode);
  parallel.text += parallel.decode == parallel.ranks()
                       ? "; each decodes"
                       : "; " + std::to_string(parallel.decode) + " of them each decode";
  parallel.text += " a part of the rows of the frames, for which they exchange " +
                   bytes_text(parallel.decode_bytes) + " for each latent frame";
}

}  // namespace sora
