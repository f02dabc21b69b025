#include "pipeline/ranks/team.h"

#include <algorithm>
#include <utility>

#include "nn/ranks/thread_ranks.h"
#include "pipeline/ranks/follower.h"

namespace sora {
int threads_of_rank(const Plan& plan) {
  const Parallel& parallel = plan.machine.parallel;
  const bool share = !parallel.devices.empty() && parallel.devices.front() == "cpu";
  return share ? std::max(1, plan.machine.threads / parallel.ranks()) : plan.machine.threads;
}

std::shared_ptr<Team> Team::of_threads(const Plan& plan) {
  const std::shared_ptr<Team> team(new Team);
  const std::vector<std::string>& devices = plan.machine.parallel.devices;
  team->of_threads_ = nn::make_thread_ranks(static_cast<int>(devices.size()));
  team->communicator_ = std::move(team->of_threads_[0]);
  for (std::size_t i = 1; i < devices.size(); ++i) {
    team->threads_.emplace_back([team = team.get(), device = devices[i], threads = threads_of_rank(plan),
                                 communicator = team->of_threads_[i].get()] {
      const auto settings = [team, device, threads](const Command&) {
        const std::lock_guard lock(team->plan_mutex_);
        Plan own = team->plan_;
        own.machine.device = device;
        own.machine.threads = threads;
        return own;
      };
      try {
        follow(*communicator, settings, {});
      } catch (...) {  // rank 0 was told
      }
    });
  }
  return team;
}

std::shared_ptr<Team> Team::of_processes(std::unique_ptr<nn::Communicator> communicator) {
  std::shared_ptr<Team> team(new Team);
  team->communicator_ = std::move(communicator);
  return team;
}

Team::~Team() {
  end();
  for (std::thread& thread : threads_) thread.join();
}

void Team::end() noexcept {
  if (std::exchange(ended_, true) || is_abandoned_) return;
  try {
    settle();
    communicator_->part();
    send_command(*communicator_, others(), {});
  } catch (...) {  // those that are left notice that this rank is gone
  }
}

void Team::abandon(const Error& error) noexcept {
  if (std::exchange(is_abandoned_, true)) return;
  communicator_->abandon(error);
}

std::vector<int> Team::others() const {
  std::vector<int> ranks;
  for (int i = 1; i < communicator_->size(); ++i) ranks.push_back(i);
  return ranks;
}

std::vector<int> Team::side(int number) const {
  std::vector<int> ranks;
  for (int i = 0; i < sequence_; ++i) ranks.push_back(number * sequence_ + i);
  return ranks;
}

nn::RankGroup Team::own_side() const { return {communicator_.get(), side(0), 0}; }

void Team::tell(const std::vector<int>& ranks, Command command, const std::vector<at::Tensor>& tensors) {
  send_command(*communicator_, ranks, std::move(command), tensors);
}

void Team::load(const Plan& plan, bool denoises) {
  settle();
  {
    const std::lock_guard lock(plan_mutex_);
    plan_ = plan;
  }
  const Machine& machine = plan.machine;
  sides_ = machine.parallel.guidance;
  sequence_ = machine.parallel.sequence;
  decoders_ = machine.parallel.decode;
  Command command;
  command.kind = Command::Kind::load;
  command.guidance = sides_;
  command.sequence = sequence_;
  command.decoders = decoders_;
  command.denoises = denoises;
  command.offload = machine.offload;
  command.dtype = machine.dtype;
  command.prefetch_bytes = machine.prefetch_bytes;
  command.stream_from_host = machine.stream_from_host;
  tell(others(), command);
  ++loads_;
}

void Team::loaded(at::Device device, const std::function<void()>& stop) {
  for (; loads_ > 0; --loads_) {
    for (const int rank : others()) (void)communicator_->receive_text(rank, stop);
  }
  communicator_->use_device(device);
}

void Team::set_frame_rate(double fps) {
  Command command;
  command.kind = Command::Kind::rate;
  command.fps = fps;
  tell(others(), command);
}

void Team::set_control_scale(double scale) {
  Command command;
  command.kind = Command::Kind::control;
  command.control_scale = scale;
  tell(others(), command);
}

std::int64_t Team::prepare(int expert, const std::vector<at::Tensor>& tensors, bool with_vector) {
  settle();
  Command command;
  command.kind = Command::Kind::prepare;
  command.expert = expert;
  command.text = ++last_text_;
  command.with_vector = with_vector;
  command.dropped = std::exchange(dropped_, {});
  tell(others(), command, tensors);
  return last_text_;
}

void Team::drop(std::int64_t text) noexcept {
  try {
    dropped_.push_back(text);
  } catch (...) {  // it stays in their memory
  }
}

void Team::begin(int number, const Prediction& prediction) {
  if (number > 0) settle();
  std::vector<int> ranks = side(number);
  std::erase(ranks, 0);
  if (ranks.empty()) return;
  Command command;
  command.kind = Command::Kind::predict;
  command.expert = prediction.expert;
  command.text = prediction.text;
  command.batch = prediction.batch;
  command.target_timestep = prediction.target_timestep;
  command.with_result = number > 0;
  tell(ranks, command, {prediction.timestep.contiguous(), prediction.latents.contiguous()});
  if (number > 0) begun_ = at::empty(prediction.result_shape, prediction.latents.options());
}

// Takes a result that was begun and then not asked for, because something failed in between.
void Team::settle() {
  if (begun_.defined()) (void)result_of_other_side();
}

at::Tensor Team::result_of_other_side() {
  at::Tensor result = std::exchange(begun_, {});
  communicator_->exchange({{sequence_, {}, result}});
  return result;
}

nn::RankGroup Team::decoders() const {
  nn::RankGroup group{communicator_.get(), {}, 0};
  for (int i = 0; i < decoders_; ++i) group.members.push_back(i);
  return group;
}

void Team::begin_decoding(std::int64_t clip, const at::Tensor& latent_frame) {
  settle();
  const std::vector<std::int64_t> counts = nn::shares_of(latent_frame.size(3), decoders_);
  Command command;
  command.kind = Command::Kind::decode;
  command.clip = clip;
  command.rows = latent_frame.size(3);
  std::int64_t first = counts.front();
  for (int rank = 1; rank < decoders_; ++rank) {
    const std::int64_t count = counts[static_cast<std::size_t>(rank)];
    tell({rank}, command, {latent_frame.narrow(3, first, count).contiguous()});
    first += count;
  }
}

at::Tensor Team::gathered_frames(const at::Tensor& own, std::int64_t latent_rows) {
  const std::vector<std::int64_t> counts = nn::shares_of(latent_rows, decoders_);
  const std::int64_t scale = own.size(3) / counts.front();
  std::vector<nn::Transfer> transfers;
  std::vector<at::Tensor> strips{own};
  for (int rank = 1; rank < decoders_; ++rank) {
    std::vector<std::int64_t> shape = own.sizes().vec();
    shape[3] = counts[static_cast<std::size_t>(rank)] * scale;
    strips.push_back(at::empty(shape, own.options()));
    transfers.push_back({rank, {}, strips.back()});
  }
  communicator_->exchange(transfers);
  return at::cat(strips, 3);
}

void Team::drop_clip(std::int64_t clip) noexcept {
  if (ended_ || is_abandoned_) return;
  try {
    Command command;
    command.kind = Command::Kind::forget;
    command.clip = clip;
    for (int rank = 1; rank < decoders_; ++rank) tell({rank}, command);
  } catch (...) {  // it stays in their memory, or they are gone
  }
}

}  // namespace sora
