// Makes one video of a plan with networks in memory: denoises and decodes its windows one after another.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "media/write/video_writer.h"
#include "pipeline/denoise/causal_film.h"
#include "pipeline/denoise/denoise.h"
#include "pipeline/denoise/image_frames.h"
#include "pipeline/denoise/previewer.h"
#include "pipeline/denoise/window_conditioning.h"
#include "pipeline/frames/frames.h"
#include "pipeline/frames/held_frames.h"
#include "pipeline/inputs/conditioning_inputs.h"
#include "pipeline/inputs/control_input.h"
#include "pipeline/networks/model.h"
#include "pipeline/run/job_checkpoint.h"
#include "pipeline/run/latents_file.h"
#include "pipeline/run/reporter.h"
#include "pipeline/run/tensor_dump.h"
#include "pipeline/run/window_decoder.h"
#include "pipeline/text/prompt_embeds.h"
#include "sampling/noise.h"
#include "sora/generator.h"
#include "sora/plan.h"

namespace sora {

/// A live film: its plan, which gets the prompts that come meanwhile, and what became of it.
struct LiveFilm {
  Plan& plan;  ///< the run's
  LiveDirector director;
  std::function<void()> prepare;  ///< encodes new prompts of the plan
  bool can_undo = false;          ///< frames of a block are held back until the next one is begun
  bool replays = false;           ///< the director is a log: an undo may follow the last block
  std::vector<std::string> log;
  std::int64_t frames = 0;  ///< in the file
};

class VideoRun {
 public:
  /// `model` and `prompts` have what the plan needs. `text` has the conditioning of the last run, and gets
  /// that of this one. `latents`: where they are kept; may be null. All must outlive this object.
  VideoRun(const Plan& plan, Model& model, const PromptEmbeds& prompts, Conditioning& text,
           FrameWriter& writer, Reporter& report, JobCheckpoint& checkpoint, TensorDump& dump,
           LatentsFile* latents, const PreviewSink& preview, LiveFilm* live = nullptr);

  Result run();

 private:
  struct BeforeBlock;

  void make_windows();
  void make_live();  // live_run.cpp
  void make_block(std::size_t number);
  bool take_back(const LiveTurn& turn, std::size_t& next, std::optional<BeforeBlock>& before);
  void condition();
  DenoiseHooks hooks();
  at::Tensor noise_of(const Window& window);
  at::Tensor latents_of(std::size_t number);
  at::Tensor denoised(std::size_t number, const at::Tensor& noise, const DenoiseHooks& hooks,
                      const DenoiseState* from);
  at::Tensor denoised_block(std::size_t number, const at::Tensor& noise, const DenoiseHooks& hooks,
                            const DenoiseState* from);
  void add_saved(std::size_t number);

  const Plan& plan_;
  Model& model_;
  const PromptEmbeds& prompts_;
  Conditioning& text_;
  FrameWriter& writer_;
  Reporter& report_;
  JobCheckpoint& checkpoint_;
  TensorDump& dump_;
  LatentsFile* latents_;
  SavedLatents saved_;                   // by an earlier run
  std::optional<ImageFrames> images_;    // for models that take image conditioning
  std::optional<ControlInput> control_;  // for models that take a control input
  std::optional<Previewer> previewer_;
  NoiseSource noise_;
  std::optional<WindowConditioning> conditioning_;
  std::optional<ClipWindows> source_;  // of remix and upscale stages
  std::optional<CausalFilm> film_;     // of causal models
  std::unique_ptr<FrameOut> frames_;
  std::optional<WindowDecoder> decoder_;
  LiveFilm* live_;  // null: not live
  HeldFrames* held_ = nullptr;
};

}  // namespace sora
