#include "pipeline/ranks/follower.h"

#include <ATen/Parallel.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/InferenceMode.h>

#include <map>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include "nn/device.h"
#include "nn/ranks/row_strip.h"
#include "nn/ranks/token_split.h"
#include "pipeline/networks/model.h"
#include "pipeline/ranks/weight_sharing.h"
#include "plan/model/model_choice.h"

namespace sora {
namespace {

class Follower {
 public:
  Follower(nn::Communicator& communicator, const std::function<Plan(const Command&)>& plan_for)
      : communicator_(communicator), plan_for_(plan_for) {}

  /// False: there is nothing more to do.
  bool obey(const Command& command) {
    for (const std::int64_t text : command.dropped) texts_.erase(text);
    switch (command.kind) {
      case Command::Kind::load:
        load(command);
        return true;
      case Command::Kind::rate:
        for (Denoiser* denoiser : {model_.denoiser.get(), model_.denoiser_2.get()}) {
          if (denoiser != nullptr) denoiser->set_frame_rate(command.fps);
        }
        return true;
      case Command::Kind::control:
        for (Denoiser* denoiser : {model_.denoiser.get(), model_.denoiser_2.get()}) {
          if (denoiser != nullptr) denoiser->set_control_scale(command.control_scale);
        }
        return true;
      case Command::Kind::prepare:
        prepare(command);
        return true;
      case Command::Kind::predict:
        predict(command);
        return true;
      case Command::Kind::decode:
        decode(command);
        return true;
      case Command::Kind::forget:
        clips_.erase(command.clip);
        return true;
      case Command::Kind::end:
        return false;
    }
    throw Error(ErrorKind::internal, "ranks", "rank 0 sends a command that is not known");
  }

 private:
  void load(const Command& command) {
    const Plan plan = plan_for_(command);
    const std::string wanted = model_key(plan);
    if (key_ != wanted) {
      texts_.clear();
      clips_.clear();
      model_ = {};
      key_.clear();
      at::set_num_threads(plan.machine.threads);
    }
    const int side = communicator_.rank() / command.sequence;
    side_.communicator = &communicator_;
    side_.members.clear();
    for (int i = 0; i < command.sequence; ++i) side_.members.push_back(side * command.sequence + i);
    side_.index = communicator_.rank() % command.sequence;
    if (command.denoises && !model_.denoiser) load_denoisers(model_, plan, weight_sharing(plan, side_));
    decoders_ = {&communicator_, {}, communicator_.rank()};
    for (int i = 0; i < command.decoders; ++i) decoders_.members.push_back(i);
    if (communicator_.rank() < command.decoders && !model_.vae) load_autoencoder(model_, plan);
    if (!model_.denoiser && !model_.vae)
      model_.placement = make_placement(plan.machine.device, plan.machine.dtype);
    key_ = wanted;
    communicator_.send_text(0, "loaded");
    communicator_.use_device(model_.placement.device);
  }

  void prepare(const Command& command) {
    const auto tensors = receive_tensors(communicator_, command, {at::kCPU});
    const std::size_t image = command.with_vector ? 2 : 1;
    texts_[command.text] = denoiser(command).prepare_with_vector(
        tensors.at(0), command.with_vector ? tensors.at(1) : at::Tensor(),
        tensors.size() > image ? tensors[image] : at::Tensor());
  }

  void predict(const Command& command) {
    const auto tensors = receive_tensors(communicator_, command, {at::kCPU, model_.placement.device});
    const at::Tensor &timestep = tensors.at(0), &latents = tensors.at(1);
    const auto found = texts_.find(command.text);
    if (found == texts_.end()) throw Error(ErrorKind::internal, "ranks", "a text that was not prepared");
    const auto batched = command.batch > 0 ? found->second->for_batch(command.batch) : nullptr;
    const nn::SequenceScope scope(side_);
    Denoiser& network = denoiser(command);
    network.set_target_timestep(command.target_timestep);
    const at::Tensor result = network.predict(latents, timestep, batched ? *batched : *found->second);
    if (command.with_result && side_.index == 0)
      communicator_.exchange({{0, result.to(latents.scalar_type()).contiguous(), {}}});
  }

  // The next rows of a clip. The first latent frame opens its stream.
  void decode(const Command& command) {
    const auto tensors = receive_tensors(communicator_, command, {model_.placement.device});
    if (!model_.vae) throw Error(ErrorKind::internal, "ranks", "an autoencoder that was not loaded");
    auto& stream = clips_[command.clip];
    if (!stream)
      stream = model_.vae->strip_decoder(std::make_shared<const nn::RowStrip>(decoders_, command.rows));
    communicator_.exchange({{0, stream->next(tensors.at(0)).contiguous(), {}}});
  }

  Denoiser& denoiser(const Command& command) const {
    const auto& chosen = command.expert == 0 ? model_.denoiser : model_.denoiser_2;
    if (!chosen) throw Error(ErrorKind::internal, "ranks", "a network that was not loaded");
    return *chosen;
  }

  nn::Communicator& communicator_;
  const std::function<Plan(const Command&)>& plan_for_;
  Model model_;
  std::string key_;
  std::map<std::int64_t, std::unique_ptr<PreparedText>> texts_;
  std::map<std::int64_t, std::unique_ptr<DecoderStream>> clips_;
  nn::RankGroup side_, decoders_;
};

}  // namespace

Error error_for_others() {
  try {
    throw;
  } catch (const Error& error) {
    return error;
  } catch (const c10::OutOfMemoryError& error) {
    const std::string text = error.what_without_backtrace();
    return {ErrorKind::unavailable, "memory", text.substr(0, text.find('\n'))};
  } catch (const c10::Error& error) {
    const std::string text = error.what_without_backtrace();
    return {ErrorKind::internal, "libtorch", text.substr(0, text.find('\n'))};
  } catch (const std::bad_alloc&) {
    return {ErrorKind::unavailable, "memory", "out of memory"};
  } catch (const std::exception& error) {
    return {ErrorKind::internal, "internal", error.what()};
  } catch (...) {
    return {ErrorKind::internal, "internal", "an exception of an unknown type"};
  }
}

void follow(nn::Communicator& communicator, const std::function<Plan(const Command&)>& plan_for,
            const std::function<void()>& stop) {
  const c10::InferenceMode inference;
  try {
    Follower follower(communicator, plan_for);
    while (follower.obey(receive_command(communicator, stop))) {
    }
    communicator.part();
  } catch (...) {
    const Error error = error_for_others();
    communicator.abandon(error);
    throw error;
  }
}

Plan plan_of_process(const Plan& plan, const Command& command) {
  Plan own = plan;
  own.before.clear();
  own.machine.offload = command.offload;
  own.machine.dtype = command.dtype;
  own.machine.prefetch_bytes = command.prefetch_bytes;
  own.machine.stream_from_host = command.stream_from_host;
  return own;
}

}  // namespace sora
