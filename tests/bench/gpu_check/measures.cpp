#include "measures.h"

#include <ATen/record_function.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <vector>

namespace sora::gpu_check {
namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

c10::DeviceAllocator* allocator_of(at::Device device) {
  if (is_cpu(device)) return nullptr;
  return dynamic_cast<c10::DeviceAllocator*>(c10::GetAllocator(device.type()));
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 32 ? ' ' : c;
  }
  return out + "\"";
}

// A point in the device's queue; on a CPU, in time.
struct Mark {
  explicit Mark(at::Device device) : time(now()) {
    if (is_cpu(device)) return;
    event = std::make_shared<c10::Event>(device.type(), c10::EventFlag::BACKEND_DEFAULT);
    event->record(c10::impl::VirtualGuardImpl(device.type()).getStream(device));
  }
  double until(const Mark& later) const {
    return event ? event->elapsedTime(*later.event) / 1000 : later.time - time;
  }
  double time;
  std::shared_ptr<c10::Event> event;
};

struct Operation {
  std::string name;
  std::shared_ptr<Mark> begin, end;
};

// Of the run that is being recorded.
struct Recording {
  at::Device device = at::kCPU;
  int depth = 0;
  std::vector<Operation> operations;
  std::int64_t waits = 0;
};
Recording recording;

bool is_on_device(const c10::IValue& value) {
  return value.isTensor() && value.toTensor().defined() && !value.toTensor().is_cpu();
}
bool is_on_host(const c10::IValue& value) {
  return value.isTensor() && value.toTensor().defined() && value.toTensor().is_cpu();
}

bool makes_the_host_wait(const at::RecordFunction& function) {
  const std::string name = function.name();
  const auto inputs = function.inputs();
  if (name == "aten::_local_scalar_dense" || name == "aten::nonzero" || name == "aten::_unique2")
    return !inputs.empty() && is_on_device(inputs[0]);
  return name == "aten::copy_" && inputs.size() >= 2 && is_on_host(inputs[0]) && is_on_device(inputs[1]);
}

struct Context : at::ObserverContext {
  bool is_outer = false;
};

std::unique_ptr<at::ObserverContext> begin(const at::RecordFunction& function) {
  auto context = std::make_unique<Context>();
  if (makes_the_host_wait(function)) ++recording.waits;
  context->is_outer = recording.depth++ == 0;
  if (context->is_outer)
    recording.operations.push_back({function.name(), std::make_shared<Mark>(recording.device), nullptr});
  return context;
}

void end(const at::RecordFunction&, at::ObserverContext* context) {
  --recording.depth;
  if (static_cast<Context*>(context)->is_outer)
    recording.operations.back().end = std::make_shared<Mark>(recording.device);
}

class RandomSource final : public WeightSource {
 public:
  RandomSource(at::Device device, at::ScalarType dtype) : device_(device), dtype_(dtype) {}
  at::Tensor get(const std::string&, at::IntArrayRef shape, Precision precision) override {
    const auto type = precision == Precision::full ? at::kFloat : dtype_;
    const double fan_in =
        shape.size() > 1 ? static_cast<double>(c10::multiply_integers(shape)) / static_cast<double>(shape[0])
                         : 1e4;
    return at::empty(shape, at::TensorOptions(device_).dtype(type)).normal_(0, 1 / std::sqrt(fan_in));
  }
  bool has(const std::string&) const override { return true; }

 private:
  at::Device device_;
  at::ScalarType dtype_;
};

}  // namespace

void print_line(const std::map<std::string, Value>& values) {
  std::string line;
  for (const auto& [name, value] : values) {
    line += (line.empty() ? "{" : ", ") + quoted(name) + ": ";
    if (const auto* number = std::get_if<double>(&value)) {
      char text[32];
      std::snprintf(text, sizeof text, "%.6g", *number);
      line += std::isfinite(*number) ? text : "null";
    } else if (const auto* flag = std::get_if<bool>(&value)) {
      line += *flag ? "true" : "false";
    } else {
      line += quoted(std::get<std::string>(value));
    }
  }
  std::printf("%s}\n", line.c_str());
  std::fflush(stdout);
}

bool is_cpu(at::Device device) { return device.type() == at::kCPU; }

void synchronize(at::Device device) {
  if (!is_cpu(device)) c10::impl::VirtualGuardImpl(device.type()).synchronizeDevice(device.index());
}

double seconds(at::Device device, const std::function<void()>& f) {
  synchronize(device);
  const double start = now();
  f();
  synchronize(device);
  return now() - start;
}

double best_seconds(at::Device device, int rounds, const std::function<void()>& f) {
  f();
  double best = seconds(device, f);
  for (int i = 1; i < rounds; ++i) best = std::min(best, seconds(device, f));
  return best;
}

void reset_peak(at::Device device) {
  if (auto* allocator = allocator_of(device)) allocator->resetPeakStats(device.index());
}

double peak_bytes(at::Device device) {
  auto* allocator = allocator_of(device);
  return allocator == nullptr
             ? 0
             : static_cast<double>(allocator->getDeviceStats(device.index()).allocated_bytes[0].peak);
}

double relative_l2(const at::Tensor& x, const at::Tensor& expected) {
  const at::Tensor right = expected.to(at::kCPU, at::kDouble), found = x.to(at::kCPU, at::kDouble);
  return ((found - right).norm() / right.norm()).item<double>();
}

Shares shares_of(at::Device device, const std::function<void()>& f) {
  recording = {device, 0, {}, 0};
  const auto handle = at::addThreadLocalCallback(
      at::RecordFunctionCallback(begin, end).needsInputs(true).scopes({at::RecordScope::FUNCTION}));
  f();
  at::removeCallback(handle);
  synchronize(device);
  Shares shares;
  shares.waits = recording.waits;
  for (const Operation& operation : recording.operations) {
    const double time = operation.begin->until(*operation.end);
    const auto is = [&](std::initializer_list<const char*> names) {
      return std::any_of(names.begin(), names.end(),
                         [&](const char* name) { return operation.name == std::string("aten::") + name; });
    };
    if (is({"linear", "addmm", "mm", "matmul", "bmm", "conv2d", "conv3d", "addmm_out"})) {
      shares.products += time;
    } else if (is({"scaled_dot_product_attention"})) {
      shares.attention += time;
    } else {
      shares.other_operations += time;
    }
  }
  recording = {};
  return shares;
}

Weights random_weights(at::Device device, at::ScalarType dtype) {
  return Weights(std::make_shared<RandomSource>(device, dtype));
}

}  // namespace sora::gpu_check
