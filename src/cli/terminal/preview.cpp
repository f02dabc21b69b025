#include "cli/terminal/preview.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "cli/terminal/png.h"
#include "cli/terminal/progress.h"
#include "cli/terminal/terminal.h"
#include "core/base64.h"
#include "core/log.h"

namespace sora {
namespace {

// --- features of the terminal ---------------------------------------------------------------

enum class Graphics { kitty, iterm, blocks };

struct Screen {
  Graphics graphics = Graphics::blocks;
  bool true_colour = false;
  bool utf8 = false;
};

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

Screen screen_of_environment() {
  const std::string term = variable("TERM"), program = variable("TERM_PROGRAM");
  const std::string colours = variable("COLORTERM");
  Screen screen;
  screen.utf8 = locale_is_utf8();
  screen.true_colour = colours == "truecolor" || colours == "24bit" || contains(term, "direct");
  // A multiplexer such as tmux redraws the screen from its own copy, which has no images.
  const bool multiplexed = !variable("TMUX").empty() || !variable("STY").empty() ||
                           term.starts_with("screen") || term.starts_with("tmux");
  if (multiplexed) return screen;
  if (!variable("KITTY_WINDOW_ID").empty() || contains(term, "kitty") || contains(term, "ghostty") ||
      program == "ghostty") {
    screen.graphics = Graphics::kitty;
  } else if (program == "iTerm.app" || variable("LC_TERMINAL") == "iTerm2" || program == "WezTerm" ||
             !variable("WEZTERM_PANE").empty() || program == "mintty") {
    screen.graphics = Graphics::iterm;  // in WezTerm, Kitty's graphics are off by default
  }
  return screen;
}

struct Cells {
  int columns = 0;
  int rows = 0;
};

// The cells for a picture, with a cell twice as high as wide. At most half of the screen's height, so that
// earlier lines stay visible.
Cells cells_for(const Preview& preview) {
  const int most_columns = std::clamp(stderr_columns() - 1, 8, 100);
  const int most_rows = std::clamp(stderr_rows() / 2, 4, 20);
  const double aspect = static_cast<double>(preview.width) / preview.height;
  const double rows = std::min<double>(most_rows, most_columns / (2 * aspect));
  return {std::clamp(static_cast<int>(std::lround(rows * 2 * aspect)), 1, most_columns),
          std::max(1, static_cast<int>(std::lround(rows)))};
}

// --- images ---------------------------------------------------------------------------------

std::string_view as_text(const std::vector<std::uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Kitty's terminal graphics protocol. An image with the same number replaces the one before; C=1 does not
// move the cursor, q=2 requests no answer.
std::string kitty_image(const Preview& preview, Cells cells, unsigned number) {
  constexpr std::size_t kLongestChunk = 4096;
  const std::string data = base64(as_text(preview.rgb));
  std::string text;
  for (std::size_t at = 0; at < data.size(); at += kLongestChunk) {
    const bool more = at + kLongestChunk < data.size();
    text += "\x1b_G";
    if (at == 0) {
      text += "a=T,f=24,s=" + std::to_string(preview.width) + ",v=" + std::to_string(preview.height) +
              ",i=" + std::to_string(number) + ",p=1,c=" + std::to_string(cells.columns) +
              ",r=" + std::to_string(cells.rows) + ",C=1,q=2,";
    }
    text += more ? "m=1;" : "m=0;";
    text += data.substr(at, kLongestChunk);
    text += "\x1b\\";
  }
  return text;
}

std::string iterm_image(const Preview& preview, Cells cells) {
  const std::string png = png_of(preview.width, preview.height, preview.rgb);
  return "\x1b]1337;File=inline=1;size=" + std::to_string(png.size()) +
         ";width=" + std::to_string(cells.columns) + ";height=" + std::to_string(cells.rows) +
         ";preserveAspectRatio=0;doNotMoveCursor=1:" + base64(png) + "\a";
}

// --- half blocks ----------------------------------------------------------------------------

using Colour = std::array<int, 3>;

// The mean colour of field (x, y), with the picture divided into columns x rows fields.
Colour mean_colour(const Preview& preview, int x, int y, int columns, int rows) {
  const auto from = [](int i, int whole, int parts) {
    return static_cast<int>(static_cast<std::int64_t>(i) * whole / parts);
  };
  const int left = from(x, preview.width, columns), top = from(y, preview.height, rows);
  const int right = std::max(left + 1, from(x + 1, preview.width, columns));
  const int bottom = std::max(top + 1, from(y + 1, preview.height, rows));
  std::array<std::int64_t, 3> sum{};
  for (int py = top; py < bottom; ++py) {
    for (int px = left; px < right; ++px) {
      const std::size_t at = (static_cast<std::size_t>(py) * static_cast<std::size_t>(preview.width) +
                              static_cast<std::size_t>(px)) *
                             3;
      for (std::size_t c = 0; c < 3; ++c) sum[c] += preview.rgb[at + c];
    }
  }
  const std::int64_t pixels = static_cast<std::int64_t>(right - left) * (bottom - top);
  Colour mean{};
  for (std::size_t c = 0; c < 3; ++c) mean[c] = static_cast<int>((sum[c] + pixels / 2) / pixels);
  return mean;
}

// The nearest of xterm's 6 x 6 x 6 colours and 24 greys.
int xterm_colour(const Colour& colour) {
  constexpr std::array<int, 6> levels{0, 95, 135, 175, 215, 255};
  const auto distance = [&](int r, int g, int b) {
    const int dr = r - colour[0], dg = g - colour[1], db = b - colour[2];
    return dr * dr + dg * dg + db * db;
  };
  std::array<std::size_t, 3> nearest{};
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t i = 0; i < levels.size(); ++i) {
      if (std::abs(levels[i] - colour[c]) < std::abs(levels[nearest[c]] - colour[c])) nearest[c] = i;
    }
  }
  const int grey = std::clamp(((colour[0] + colour[1] + colour[2]) / 3 - 8 + 5) / 10, 0, 23);
  const int level = 8 + 10 * grey;
  const bool grey_is_nearer =
      distance(level, level, level) < distance(levels[nearest[0]], levels[nearest[1]], levels[nearest[2]]);
  if (grey_is_nearer) return 232 + grey;
  return 16 + static_cast<int>(36 * nearest[0] + 6 * nearest[1] + nearest[2]);
}

std::string colour_code(int plane, const Colour& colour,
                        bool true_colour) {  // 38: foreground, 48: background
  const std::string head = "\x1b[" + std::to_string(plane);
  if (!true_colour) return head + ";5;" + std::to_string(xterm_colour(colour)) + "m";
  return head + ";2;" + std::to_string(colour[0]) + ";" + std::to_string(colour[1]) + ";" +
         std::to_string(colour[2]) + "m";
}

// With UTF-8 a cell shows two pixels: an upper half block in the foreground colour over the background
// colour. Without UTF-8 it shows one.
std::string half_blocks(const Preview& preview, Cells cells, const Screen& screen,
                        const std::string& line_break = "\r\n") {
  const int rows = screen.utf8 ? 2 * cells.rows : cells.rows;
  std::string text;
  for (int y = 0; y < cells.rows; ++y) {
    std::string foreground, background;
    const auto set = [&](std::string& now, const std::string& wanted) {
      if (now != wanted) text += wanted;
      now = wanted;
    };
    for (int x = 0; x < cells.columns; ++x) {
      const auto code = [&](int plane, int row) {
        return colour_code(plane, mean_colour(preview, x, row, cells.columns, rows), screen.true_colour);
      };
      if (screen.utf8) {
        set(foreground, code(38, 2 * y));
        set(background, code(48, 2 * y + 1));
        text += "▀";
      } else {
        set(background, code(48, y));
        text += ' ';
      }
    }
    text += "\x1b[0m";
    if (y + 1 < cells.rows) text += line_break;
  }
  return text;
}

// A number for Kitty's images that other programs are unlikely to use. Each video has a new one, so that the
// last picture of the video before stays.
unsigned next_number() {
  static unsigned videos = 0;
  return (static_cast<unsigned>(::getpid()) << 10U) + ++videos;
}

constexpr double kMostPictures = 8;  // a second; more would be megabytes on a slow line

std::string drawing_of(const Preview& preview, const Screen& screen, Cells cells, unsigned number) {
  if (screen.graphics == Graphics::kitty) return kitty_image(preview, cells, number);
  if (screen.graphics == Graphics::iterm) return iterm_image(preview, cells);
  return half_blocks(preview, cells, screen);
}

// Shows the pictures of the last preview, over and over where there are several.
class Reel {
 public:
  Reel() = default;
  Reel(const Reel&) = delete;
  Reel& operator=(const Reel&) = delete;
  /// The picture that is shown stays on the screen.
  ~Reel() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    wake_.notify_all();
    if (player_.joinable()) player_.join();
    keep_picture();
  }

  void show(std::vector<std::string> drawings, int rows, double seconds) {
    const std::lock_guard lock(mutex_);
    drawings_ = std::move(drawings);
    rows_ = rows;
    pause_ = std::chrono::duration<double>(seconds);
    next_ = 1;
    show_picture(drawings_[0], rows_);
    if (drawings_.size() > 1 && !player_.joinable()) player_ = std::thread([this] { play(); });
  }

 private:
  void play() noexcept {
    try {
      std::unique_lock lock(mutex_);
      while (!wake_.wait_for(lock, pause_, [this] { return ended_; })) {
        if (drawings_.size() < 2) continue;
        show_picture(drawings_[next_ % drawings_.size()], rows_);
        ++next_;
      }
    } catch (const std::exception&) {
      return;  // not enough memory: the picture stands still
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  bool ended_ = false;
  std::vector<std::string> drawings_;
  int rows_ = 0;
  std::size_t next_ = 0;
  std::chrono::duration<double> pause_{1};
  std::thread player_;
};

}  // namespace

std::string picture_drawing(const Preview& picture, int left, int columns, int rows, unsigned number) {
  static const Screen screen = screen_of_environment();
  const Cells cells{columns, rows};
  const std::string to_left = "\x1b[" + std::to_string(left + 1) + "G";
  if (screen.graphics == Graphics::kitty) return to_left + kitty_image(picture, cells, number);
  if (screen.graphics == Graphics::iterm) return to_left + iterm_image(picture, cells);
  const std::string up = rows > 1 ? "\x1b[" + std::to_string(rows - 1) + "A" : "";
  return to_left + half_blocks(picture, cells, screen, "\r\n" + to_left) + up;
}

PreviewSink make_preview(const Options& options) {
  if (!options.preview) return {};
  if (!stderr_is_terminal() || json_on_stderr(options)) {
    log(LogLevel::warning, json_on_stderr(options)
                               ? "--preview shows nothing here: stderr carries JSON (--progress-fd moves it)"
                               : "--preview shows nothing here: stderr is not a terminal");
    return {};
  }
  return [reel = std::make_shared<Reel>(), screen = screen_of_environment(),
          number = next_number()](const Preview& preview) {
    if (preview.width < 1 || preview.height < 1) return;
    const Cells cells = cells_for(preview);
    std::vector<std::string> drawings{drawing_of(preview, screen, cells, number)};
    const auto every = static_cast<std::size_t>(std::max(1.0, std::ceil(preview.fps / kMostPictures)));
    for (std::size_t i = every; i <= preview.next.size(); i += every) {
      const Preview frame{preview.width, preview.height, preview.next[i - 1], 0, 0, {}, 0};
      drawings.push_back(drawing_of(frame, screen, cells, number));
    }
    const double seconds = preview.fps > 0 ? static_cast<double>(every) / preview.fps : 1;
    reel->show(std::move(drawings), cells.rows, seconds);
  };
}

}  // namespace sora
