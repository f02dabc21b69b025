// The other ranks of a video, as rank 0 sees them.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "nn/ranks/collectives.h"
#include "pipeline/ranks/command.h"
#include "sora/plan.h"

namespace sora {

/// Threads of the CPU for a rank: those that are threads of one process share its cores.
int threads_of_rank(const Plan& plan);

class Team {
 public:
  /// Threads of this process: a follower for each of the plan's devices but the first.
  static std::shared_ptr<Team> of_threads(const Plan& plan);
  /// Processes, which call follow(). They are told of the end by end(), and of a failure by abandon().
  static std::shared_ptr<Team> of_processes(std::unique_ptr<nn::Communicator> communicator);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  /// The others load the networks of the plan that they need, unless they have them, and divide the work as
  /// it says; without `denoises`, only what decodes. Returns at once; loaded() waits for them.
  void load(const Plan& plan, bool denoises);
  void loaded(at::Device device, const std::function<void()>& stop);  ///< `device`: rank 0's

  void set_frame_rate(double fps);
  void set_control_scale(double scale);
  std::int64_t prepare(int expert, const std::vector<at::Tensor>& tensors, bool with_vector);
  void drop(std::int64_t text) noexcept;  ///< the others forget it with the next command

  /// One side of guidance: those with the prompts (0), which rank 0 is one of, or those without (1).
  struct Prediction {
    int expert = 0;
    std::int64_t text = 0, batch = 0;
    at::Tensor latents, timestep;
    std::vector<std::int64_t> result_shape;  ///< of side 1
    double target_timestep = 0;
  };
  void begin(int side, const Prediction& prediction);
  at::Tensor result_of_other_side();
  nn::RankGroup own_side() const;
  bool has_two_sides() const { return sides_ > 1; }

  /// The ranks that decode strips; one: rank 0 decodes alone.
  nn::RankGroup decoders() const;
  void decode_alone() { decoders_ = 1; }
  std::int64_t new_clip() { return ++last_clip_; }
  /// Gives the other decoders their rows of the clip's next latent frame [1, C, 1, h, w].
  void begin_decoding(std::int64_t clip, const at::Tensor& latent_frame);
  /// What all of them made of it, [1, 3, n, H, W], where `own` [1, 3, n, own rows, W] is rank 0's.
  at::Tensor gathered_frames(const at::Tensor& own, std::int64_t latent_rows);
  void drop_clip(std::int64_t clip) noexcept;  ///< the others forget it

  /// The ranks cannot be used any more.
  void abandon(const Error& error) noexcept;
  bool is_abandoned() const { return is_abandoned_; }
  void end() noexcept;
  bool of_processes() const { return threads_.empty(); }

  nn::Communicator& communicator() { return *communicator_; }

 private:
  Team() = default;
  void tell(const std::vector<int>& ranks, Command command, const std::vector<at::Tensor>& tensors = {});
  void settle();
  std::vector<int> others() const;
  std::vector<int> side(int number) const;

  std::unique_ptr<nn::Communicator> communicator_;
  std::vector<std::unique_ptr<nn::Communicator>> of_threads_;
  std::vector<std::thread> threads_;
  std::mutex plan_mutex_;
  Plan plan_;  // of the last load(), for the threads
  int sides_ = 1, sequence_ = 1, decoders_ = 1;
  int loads_ = 0;     // that are not answered yet
  at::Tensor begun_;  // for the result of the other side, which is at work
  std::int64_t last_text_ = 0;
  std::int64_t last_clip_ = 0;
  std::vector<std::int64_t> dropped_;
  bool is_abandoned_ = false, ended_ = false;
};

}  // namespace sora
