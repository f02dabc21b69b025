// Kept latents (--keep-latents): the denoised latents of a video, in a file beside it, from which other verbs
// go on. Here are its name and its header; clip_latents.h says whether a plan can use it, and
// pipeline/run/latents_file.h writes it.
//
// Note [Kept latents]
// clip.mp4.latents.safetensors is, first, the checkpoint of a job all of whose windows are denoised
// (pipeline/run/job_checkpoint.h): `window.N` and the parameters of the run, which decode makes into the same
// frames again. Besides, it has the latents from which a clip goes on:
//
//   end          [1, C, 2, h, w]  the clip's last five frames, for extend, and for the first clip of connect
//   start        [1, C, 1, h, w]  its first four frames, for extend --backward, and for the second clip
//   start.still  [1, C, n, h, w]  what stands before `start` in time: a still of the first frame
//
// These are no cuts from the windows. The autoencoder is causal: the first latent frame of a clip stands for
// one video frame, and each later one for four frames and for what came before them. A latent frame from the
// middle of a window would be wrong at the start of the next one, where the network and the decoder expect a
// latent frame without a history (with the default model, the frames that it is decoded to there have a PSNR
// of 30 dB against the clip's; encoded anew, 34 dB); and the first latent frame of a window would be wrong at
// the end of another one, where they expect four frames. So both ends are encoded once, when the clip is
// made, from the frames as the decoder gives them: before they are cropped, enlarged, rounded to 8 bits and
// compressed. `end` equals to the bit what the next window of a longer video would be conditioned on.
//
// A window can be continued with its own latents, though, where the clip ends in its first half, as one does
// that is much shorter than the model's native length. Its latents are then the conditioning frames, in the
// places where they were made and with the history that they were made with, and the rest of the window is
// new. Not where drift control has corrected the frames after decoding: then the file differs from what the
// latents show, and the step to the first new frame was larger than with frames that were encoded again.
//
// The header has a digest of the video's file. Latents whose video has changed since, or which do not fit a
// plan, are not used: one line says so, and the clip's frames are encoded. A header is a stranger's word:
// every value is checked, and none chooses a file or a place.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "sora/plan.h"

namespace sora {

class SafetensorsFile;

/// The name of the kept latents of an output: "clip.mp4.latents.safetensors".
std::string latents_name(const std::string& output);

/// Latent frames of `end` and of `start`, as windows beside a clip take them (plan/verbs/verb_windows.cpp).
constexpr int kEndLatents = 2;
constexpr int kStartLatents = 1;

/// What the header of kept latents says.
struct LatentsFacts {
  std::string video_sha256;  ///< digest of the video that they belong to
  std::string autoencoder;   ///< ModelChoice::vae_digest
  std::int64_t frames = 0;   ///< in the video's file
  double fps = 0;
  double model_fps = 0;  ///< rate of the frames that latents stand for
  int crop_width = 0;    ///< the part of the picture that the video shows
  int crop_height = 0;
  int windows = 0;
  /// Latent frames of the last window that the video shows, and those before them in it; 0: the video does
  /// not end with a whole latent frame, or not with frames as they are decoded.
  int continued = 0;
};

/// The header's texts for the latents of `plan`, with zeros where the digest of the video goes (kNoDigest).
std::map<std::string, std::string> latents_metadata(const Plan& plan, std::int64_t temporal_scale);
extern const std::string kNoDigest;
extern const char* const kDigestKey;

/// What an opened file says. Throws Error (data): no kept latents, or damaged.
LatentsFacts latents_facts(const SafetensorsFile& file);

/// Opens the file too. Throws Error: no_input, refused, data.
LatentsFacts read_latents_facts(const std::filesystem::path& file);

/// The same where `file` is a regular file with kept latents, else empty. Does not throw.
std::optional<LatentsFacts> find_latents_facts(const std::filesystem::path& file) noexcept;

/// Whether `latents` are those of the video: it has the digest in their header. Throws Error: no_input, io.
bool belong_to(const LatentsFacts& latents, const std::filesystem::path& video);

/// SHA-256 of a file, computed once while the file stays as it is: a batch plans a job several times.
std::string known_sha256(const std::filesystem::path& file);

/// How many of the plan's new frames, at the network's rate, its file shows.
std::int64_t shown_model_frames(const Plan& plan);

}  // namespace sora
