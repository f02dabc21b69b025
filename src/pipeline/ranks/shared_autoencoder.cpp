#include "pipeline/ranks/shared_autoencoder.h"

#include <utility>

#include "nn/ranks/row_strip.h"
#include "pipeline/ranks/together.h"

namespace sora {
namespace {

// A clip that the decoding ranks decode together, under a number. Rank 0 gives each its rows of the latents,
// and gathers the rows of the frames.
class SharedDecoderStream final : public DecoderStream {
 public:
  SharedDecoderStream(const VideoAutoencoder& own, std::shared_ptr<Team> team, at::Device device)
      : own_(own), team_(std::move(team)), device_(device) {}

  ~SharedDecoderStream() override {
    if (number_ > 0) team_->drop_clip(number_);
  }

  at::Tensor next(const at::Tensor& latent_frame) override {
    if (!stream_) begin(latent_frame.size(3));
    if (number_ == 0) return stream_->next(latent_frame);
    return together(*team_, [&] {
      const at::Tensor latents = latent_frame.to(device_, at::kFloat);
      team_->begin_decoding(number_, latents);
      return team_->gathered_frames(stream_->next(latents.narrow(3, 0, strip_->rows())), latents.size(3));
    });
  }

  at::Tensor finish() override { return stream_ ? stream_->finish() : at::Tensor(); }

 private:
  void begin(std::int64_t rows) {
    const nn::RankGroup group = team_->decoders();
    if (group.size() > 1 && rows >= group.size()) {
      strip_ = std::make_shared<const nn::RowStrip>(group, rows);
      stream_ = own_.strip_decoder(strip_);
    }
    if (stream_) {
      number_ = team_->new_clip();
    } else {
      stream_ = own_.decoder();
    }
  }

  const VideoAutoencoder& own_;
  std::shared_ptr<Team> team_;
  at::Device device_;
  std::shared_ptr<const nn::RowStrip> strip_;
  std::unique_ptr<DecoderStream> stream_;
  std::int64_t number_ = 0;  // 0: rank 0 decodes alone
};

class SharedAutoencoder final : public VideoAutoencoder {
 public:
  SharedAutoencoder(std::unique_ptr<VideoAutoencoder> own, std::shared_ptr<Team> team, at::Device device)
      : own_(std::move(own)), team_(std::move(team)), device_(device) {}

  std::int64_t temporal_scale() const override { return own_->temporal_scale(); }
  std::int64_t spatial_scale() const override { return own_->spatial_scale(); }
  std::int64_t encoder_chunk() const override { return own_->encoder_chunk(); }
  bool takes_noise() const override { return own_->takes_noise(); }
  at::Tensor with_noise(const at::Tensor& latents, const at::Tensor& noise) const override {
    return own_->with_noise(latents, noise);
  }
  at::Tensor unnormalised(const at::Tensor& latents) const override { return own_->unnormalised(latents); }
  std::unique_ptr<EncoderStream> encoder() const override { return own_->encoder(); }

  std::unique_ptr<DecoderStream> decoder() const override {
    if (team_->decoders().size() == 1) return own_->decoder();
    return std::make_unique<SharedDecoderStream>(*own_, team_, device_);
  }

 private:
  std::unique_ptr<VideoAutoencoder> own_;
  std::shared_ptr<Team> team_;
  at::Device device_;
};

}  // namespace

void share_autoencoder(Model& model, const std::shared_ptr<Team>& team) {
  if (team->decoders().size() == 1 || dynamic_cast<const SharedAutoencoder*>(model.vae.get()) != nullptr)
    return;
  model.vae = std::make_unique<SharedAutoencoder>(std::move(model.vae), team, model.placement.device);
}

}  // namespace sora
