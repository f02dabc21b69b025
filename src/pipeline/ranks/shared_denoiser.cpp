#include "pipeline/ranks/shared_denoiser.h"

#include <utility>

#include "nn/ranks/token_split.h"
#include "pipeline/ranks/together.h"

namespace sora {
namespace {

// A text that every rank has prepared, under a number.
class SharedText final : public PreparedText {
 public:
  SharedText(std::shared_ptr<PreparedText> own, std::int64_t batch,
             std::shared_ptr<const std::int64_t> number)
      : own_(std::move(own)), batch_(batch), number_(std::move(number)) {}

  std::unique_ptr<PreparedText> for_batch(std::int64_t batch) const override {
    return std::make_unique<SharedText>(own_->for_batch(batch), batch, number_);
  }
  const PreparedText& own() const { return *own_; }
  std::int64_t batch() const { return batch_; }
  std::int64_t number() const { return *number_; }

 private:
  std::shared_ptr<PreparedText> own_;
  std::int64_t batch_;
  std::shared_ptr<const std::int64_t> number_;  // the last one that goes tells the others
};

class SharedDenoiser final : public Denoiser {
 public:
  SharedDenoiser(std::unique_ptr<Denoiser> own, std::shared_ptr<Team> team, int expert)
      : own_(std::move(own)), team_(std::move(team)), expert_(expert) {}

  std::array<std::int64_t, 3> patch_size() const override { return own_->patch_size(); }
  std::int64_t in_channels() const override { return own_->in_channels(); }
  std::int64_t out_channels() const override { return own_->out_channels(); }
  std::int64_t control_channels() const override { return own_->control_channels(); }
  GuidanceForm guidance_form() const override { return own_->guidance_form(); }
  ConditionForm condition_form() const override { return own_->condition_form(); }
  bool attends_to_images() const override { return own_->attends_to_images(); }

  void set_frame_rate(double fps) override {
    own_->set_frame_rate(fps);
    if (expert_ == 0) together(*team_, [&] { team_->set_frame_rate(fps); });
  }

  void set_control_scale(double scale) override {
    own_->set_control_scale(scale);
    if (expert_ == 0) together(*team_, [&] { team_->set_control_scale(scale); });
  }

  void set_target_timestep(double timestep) override {
    own_->set_target_timestep(timestep);
    target_timestep_ = timestep;  // the others get it with each prediction
  }

  std::unique_ptr<PreparedText> prepare(const at::Tensor& prompt_embeds,
                                        const at::Tensor& image_tokens) const override {
    return prepare_with_vector(prompt_embeds, {}, image_tokens);
  }

  std::unique_ptr<PreparedText> prepare_with_vector(const at::Tensor& prompt_embeds, const at::Tensor& vector,
                                                    const at::Tensor& image_tokens) const override {
    std::vector<at::Tensor> tensors{prompt_embeds.to(at::kCPU).contiguous()};
    if (vector.defined()) tensors.push_back(vector.to(at::kCPU).contiguous());
    if (image_tokens.defined()) tensors.push_back(image_tokens.to(at::kCPU).contiguous());
    return together(*team_, [&]() -> std::unique_ptr<PreparedText> {
      const std::int64_t number = team_->prepare(expert_, tensors, vector.defined());
      const std::shared_ptr<const std::int64_t> shared(new std::int64_t(number),
                                                       [team = team_](const std::int64_t* gone) {
                                                         team->drop(*gone);
                                                         delete gone;
                                                       });
      return std::make_unique<SharedText>(own_->prepare_with_vector(prompt_embeds, vector, image_tokens), 0,
                                          shared);
    });
  }

  void expect(const at::Tensor& latents, const at::Tensor& timestep,
              const PreparedText& text) const override {
    if (!team_->has_two_sides()) return;
    together(*team_, [&] { team_->begin(1, prediction(latents, timestep, text)); });
    expected_ = {latents, &text};
  }

  at::Tensor predict(const at::Tensor& latents, const at::Tensor& timestep, const PreparedText& text,
                     BlockCache* cache) const override {
    return together(*team_, [&] {
      if (expected_.text == &text && expected_.latents.is_same(latents)) {
        expected_ = {};
        return team_->result_of_other_side();
      }
      if (cache != nullptr && team_->own_side().size() > 1)
        throw Error(ErrorKind::internal, "ranks", "a step cache whose blocks are divided");
      team_->begin(0, prediction(latents, timestep, text));
      const nn::SequenceScope scope(team_->own_side());
      return own_->predict(latents, timestep, shared(text).own(), cache);
    });
  }

 private:
  static const SharedText& shared(const PreparedText& text) {
    const auto* found = dynamic_cast<const SharedText*>(&text);
    if (found == nullptr)
      throw Error(ErrorKind::internal, "ranks", "a text that the other ranks do not have");
    return *found;
  }

  Team::Prediction prediction(const at::Tensor& latents, const at::Tensor& timestep,
                              const PreparedText& text) const {
    std::vector<std::int64_t> shape = latents.sizes().vec();
    shape[1] = own_->out_channels();
    return {expert_, shared(text).number(), shared(text).batch(), latents, timestep, shape, target_timestep_};
  }

  struct Expected {
    at::Tensor latents;
    const PreparedText* text = nullptr;
  };

  std::unique_ptr<Denoiser> own_;
  std::shared_ptr<Team> team_;
  int expert_;
  double target_timestep_ = 0;
  mutable Expected expected_;  // that the other side is computing
};

}  // namespace

void share_denoisers(Model& model, const std::shared_ptr<Team>& team) {
  const auto share = [&](std::unique_ptr<Denoiser>& denoiser, int expert) {
    if (denoiser && dynamic_cast<const SharedDenoiser*>(denoiser.get()) == nullptr)
      denoiser = std::make_unique<SharedDenoiser>(std::move(denoiser), team, expert);
  };
  share(model.denoiser, 0);
  share(model.denoiser_2, 1);
}

}  // namespace sora
