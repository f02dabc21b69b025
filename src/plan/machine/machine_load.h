// What other programs leave of this machine's processors.
#pragma once

#include <string_view>

namespace sora {

/// Threads of other programs that want a processor now, by the text of /proc/loadavg ("2.10 1.50 1.00 4/300
/// 123"): the mean of the last minute, but no more than are waiting or running at this moment without
/// ourselves, so that work that has just ended does not count. 0 for any other text.
double other_threads(std::string_view loadavg);

/// How much longer `threads` threads take beside `others` on `cores` processors that are shared fairly; 1
/// when there is room for all.
double slowdown_beside(double others, int threads, int cores);

/// Both for this machine, now. SORA_GEN_LOADAVG names another file than /proc/loadavg.
double machine_slowdown(int threads);

}  // namespace sora
