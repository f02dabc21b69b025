// What rank 0 tells the other ranks to do (Note [Ranks] in nn/ranks/communicator.h).
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>
#include <vector>

#include "nn/ranks/communicator.h"

namespace sora {

struct Command {
  enum class Kind {
    load,     ///< the networks, with these settings; the answer is a text. Sets the division, too
    rate,     ///< Denoiser::set_frame_rate()
    control,  ///< Denoiser::set_control_scale()
    prepare,  ///< a text: its embeddings follow, and image tokens where there are some
    predict,  ///< latents and timesteps follow
    decode,   ///< a clip: this rank's rows of its next latent frame follow
    forget,   ///< a clip that is decoded
    end,      ///< there is nothing more to do
  };
  Kind kind = Kind::end;

  int guidance = 1, sequence = 1;  ///< load
  int decoders = 1;                ///< load: ranks that decode strips
  bool denoises = true;            ///< load: the denoisers, too
  std::string offload, dtype;      ///< load
  std::uint64_t prefetch_bytes = 0;
  bool stream_from_host = false;
  double fps = 0;                     ///< rate
  double control_scale = 1;           ///< control
  int expert = 0;                     ///< prepare, predict
  std::int64_t text = 0;              ///< its number
  bool with_vector = false;           ///< prepare: the vector of the prompt follows its embeddings
  std::int64_t batch = 0;             ///< predict: PreparedText::for_batch(); 0: as it was prepared
  double target_timestep = 0;         ///< predict: Denoiser::set_target_timestep()
  bool with_result = false;           ///< predict: the first rank of the side sends its result to rank 0
  std::int64_t clip = 0;              ///< decode, forget: its number
  std::int64_t rows = 0;              ///< decode: of all ranks
  std::vector<std::int64_t> dropped;  ///< texts that are no longer needed

  /// Shapes and types of the tensors that follow.
  struct Shape {
    std::vector<std::int64_t> sizes;
    at::ScalarType type = at::kFloat;
  };
  std::vector<Shape> tensors;
};

/// Sends the command and its tensors to these ranks at once.
void send_command(nn::Communicator& communicator, const std::vector<int>& ranks, Command command,
                  const std::vector<at::Tensor>& tensors = {});

/// Waits for the next one from rank 0. Throws Error as Communicator; internal where it makes no sense.
Command receive_command(nn::Communicator& communicator, const std::function<void()>& stop);
/// Its tensors, the i-th on devices[i], or on the last of them.
std::vector<at::Tensor> receive_tensors(nn::Communicator& communicator, const Command& command,
                                        const std::vector<at::Device>& devices);

}  // namespace sora
