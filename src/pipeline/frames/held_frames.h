// Holds the frames of a block back until it is certain that they belong to the film.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "pipeline/frames/frames.h"

namespace sora {

class HeldFrames final : public FrameOut {
 public:
  explicit HeldFrames(std::unique_ptr<FrameOut> inner) : inner_(std::move(inner)) {}

  void begin() override { inner_->begin(); }
  void push(const at::Tensor& pixels) override { held_.push_back(pixels); }
  /// Passes the frames on.
  void release() {
    for (const at::Tensor& pixels : held_) inner_->push(pixels);
    held_.clear();
  }
  void drop() { held_.clear(); }
  void end() override {
    release();
    inner_->end();
  }

  std::int64_t written() const override { return inner_->written(); }
  bool complete() const override { return inner_->complete(); }

 private:
  std::unique_ptr<FrameOut> inner_;
  std::vector<at::Tensor> held_;  // [n, H, W, 3] each
};

}  // namespace sora
