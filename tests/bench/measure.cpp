// Runs one network on tensors of a file and prints time and memory; scripts/bench/full_size.py compares it
// with diffusers.
//
//   measure decode|encode|tiny|transformer FOLDER IN OUT THREADS ROUNDS
//
// FOLDER has the network's config.json and weights; for tiny those of a VAE, and tiny.safetensors. IN (safetensors) has `latents`, or `video`, or
// `latents`, `timestep` and `prompt_embeds`; OUT takes `result`. Prints one JSON line: seconds of loading,
// wall and CPU (all threads) seconds of each round, and the process' peak memory in MB.
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "models/networks/tiny_autoencoder.h"
#include "models/wan/networks/transformer.h"
#include "models/wan/networks/vae.h"
#include "weights/tensor_file.h"

namespace {

using sora::read_tensor;

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return t.tv_sec + 1e-6 * t.tv_usec; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

/// Frames come one after another, as the writer of a file gets them.
at::Tensor decode(const sora::VideoAutoencoder& vae, const at::Tensor& latents) {
  const std::int64_t count = latents.size(2);
  const std::int64_t frames = 1 + (count - 1) * vae.temporal_scale();
  at::Tensor video =
      at::empty({1, 3, frames, latents.size(3) * vae.spatial_scale(), latents.size(4) * vae.spatial_scale()});
  const auto stream = vae.decoder();
  std::int64_t first = 0;
  for (std::int64_t t = 0; t < count; ++t) {
    const at::Tensor chunk = stream->next(latents.narrow(2, t, 1));
    video.narrow(2, first, chunk.size(2)).copy_(chunk);
    first += chunk.size(2);
  }
  return video;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 7) {
    std::fprintf(stderr, "measure decode|encode|tiny|transformer FOLDER IN OUT THREADS ROUNDS\n");
    return 64;
  }
  const std::string what = arguments[1], folder = arguments[2], in = arguments[3], out = arguments[4];
  at::set_num_threads(std::stoi(arguments[5]));
  const int rounds = std::stoi(arguments[6]);
  const c10::InferenceMode inference;
  try {
    const double begin = wall_seconds();
    std::function<at::Tensor()> run;
    if (what == "transformer") {
      auto model = std::make_shared<sora::wan::WanTransformer>(
          sora::wan::load_transformer(sora::ComponentSource(folder), {}));
      const auto text = model->prepare_text(read_tensor(in, "prompt_embeds"));
      run = [=, latents = read_tensor(in, "latents"), timestep = read_tensor(in, "timestep")] {
        return model->forward(latents, timestep, text);
      };
    } else {
      std::shared_ptr<sora::wan::WanVae> vae = sora::wan::load_vae(sora::ComponentSource(folder), {});
      if (what == "tiny") {
        auto tiny = std::make_shared<sora::tiny::TinyAutoencoder>(
            sora::tiny::open(folder + "/tiny.safetensors",
                             {vae->config().z_dim, vae->temporal_scale(), vae->spatial_scale()}),
            sora::Placement(), *vae);
        run = [=, latents = read_tensor(in, "latents")] {
          (void)vae;  // which it refers to
          return decode(*tiny, latents);
        };
      } else if (what == "decode") {
        run = [=, latents = read_tensor(in, "latents")] { return decode(*vae, latents); };
      } else {
        (void)vae->encoder();  // reads its weights
        run = [=, video = read_tensor(in, "video")] { return vae->encode(video); };
      }
    }
    const double loaded = wall_seconds() - begin;
    std::string cpu, wall;
    at::Tensor result;
    for (int i = 0; i < rounds; ++i) {
      const double cpu_begin = cpu_seconds(), wall_begin = wall_seconds();
      result = run();
      if (i > 0) {
        cpu += ", ";
        wall += ", ";
      }
      cpu += std::to_string(cpu_seconds() - cpu_begin);
      wall += std::to_string(wall_seconds() - wall_begin);
    }
    std::printf("{\"load\": %.2f, \"cpu\": [%s], \"wall\": [%s], \"peak\": %.0f}\n", loaded, cpu.c_str(),
                wall.c_str(), peak_megabytes());
    sora::write_tensors(out, {{"result", result}});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "measure: %s\n", error.what());
    return 1;
  }
}
