// Converts decoded frames of any kind to RGB at the wanted size.
#pragma once

#include <string>

#include "media/av.h"
#include "media/filter/filter_graph.h"
#include "media/read/image_header.h"
#include "media/read/orientation.h"
#include "media/read/tone_map.h"
#include "media/read/video_reader.h"

namespace sora {

/// How the samples of a stream encode colours, and the shape and orientation of its pixels.
struct FrameProperties {
  AVColorSpace matrix = AVCOL_SPC_RGB;
  bool full_range = true;
  Transfer transfer = Transfer::sdr;
  Primaries primaries = Primaries::bt709;
  double peak = 1000;       ///< cd/m2, of PQ
  double pixel_aspect = 1;  ///< of stored pixels
  Orientation orientation;
};

/// From a decoded frame and what its file says. `image` for images, else nullptr. Warns about what is
/// lost (HDR, odd angles); throws data for colours that libswscale does not know (YCgCo, ICtCp). `name` is
/// the name in messages.
FrameProperties frame_properties(const AVFrame& frame, const AVStream& stream, const ImageHeader* image,
                                 const std::string& container, const std::string& name);

/// Width and height as shown: rotated, with square pixels.
std::pair<int, int> shown_size(int width, int height, const FrameProperties& properties);

class RgbConverter {
 public:
  /// The settings' size must be resolved: neither side is 0.
  RgbConverter(const ReadSettings& settings, const FrameProperties& properties);

  void convert(const AVFrame& frame, VideoFrame& out);

 private:
  // Which part of a stored picture is used, and where it goes; in the directions of the stored picture.
  struct Placement {
    int left = 0, top = 0, width = 0, height = 0;  // of the source
    int scaled_width = 0, scaled_height = 0;       // of that part after scaling
    int skip_x = 0, skip_y = 0;                    // cut from the scaled picture
    int kept_width = 0, kept_height = 0;           // of the scaled picture after cropping
    int at_x = 0, at_y = 0;                        // position in the resulting frame, as shown
  };
  Placement place(const AVFrame& frame) const;
  av::FramePtr blended(const AVFrame& frame) const;
  av::FramePtr turned(av::FramePtr rgb);
  av::FramePtr scaled(const AVFrame& frame, int width, int height, AVPixelFormat format);

  ReadSettings settings_;
  FrameProperties properties_;
  std::unique_ptr<ToneMap> tone_map_;
  std::unique_ptr<FilterGraph> turner_;
  std::pair<int, int> turner_size_;
  av::SwsPtr scaler_;
  struct Key {
    int width = 0, height = 0, format = -1, out_width = 0, out_height = 0, out_format = -1;
    bool operator==(const Key&) const = default;
  } key_;  // what scaler_ was made for
};

}  // namespace sora
