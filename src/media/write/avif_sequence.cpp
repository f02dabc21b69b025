// Numbered AVIF pictures: each is a file of its own from libav's muxer of AVIF.
#include <filesystem>
#include <string>
#include <vector>

#include "core/file.h"
#include "core/output/output_format.h"
#include "core/sha256.h"
#include "media/write/writers.h"

namespace sora {
namespace {

class AvifSequence : public FrameWriter {
 public:
  AvifSequence(const VideoSettings& settings, const Destination& destination)
      : settings_(settings), destination_(destination), picture_(open_picture()) {}

  AvifSequence(const AvifSequence&) = delete;
  AvifSequence& operator=(const AvifSequence&) = delete;

  ~AvifSequence() override {
    if (finished_) return;
    for (const std::string& path : made_) {
      std::error_code ignored;
      std::filesystem::remove(path, ignored);
    }
  }

  void write(const std::uint8_t* rgb, std::ptrdiff_t stride) override {
    if (!picture_) picture_ = open_picture();
    picture_->write(rgb, stride);
    const Written one = picture_->finish();
    picture_.reset();
    const std::string& path = made_.emplace_back(name_of_next());
    ++written_.frames;
    written_.bytes += one.bytes;
    const std::string bytes = read_text(path, "media");
    digest_.update(bytes.data(), bytes.size());
  }

  Written finish() override {
    finished_ = true;
    picture_.reset();
    written_.sha256 = digest_.hex();
    return written_;
  }

 private:
  std::string name_of_next() const { return sequence_name(destination_.path, written_.frames + 1); }

  std::unique_ptr<FrameWriter> open_picture() const {
    Destination file = destination_;
    file.path = name_of_next();
    return make_movie_writer(settings_, file);
  }

  VideoSettings settings_;
  Destination destination_;
  Written written_;
  std::unique_ptr<FrameWriter> picture_;  // the next; the first is opened at once, so that errors come early
  std::vector<std::string> made_;
  Sha256 digest_;
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<FrameWriter> make_avif_sequence(const VideoSettings& settings,
                                                const Destination& destination) {
  return std::make_unique<AvifSequence>(settings, destination);
}

}  // namespace sora
