#include "nn/ranks/token_split.h"

#include <string>
#include <utility>

#include "nn/attention.h"

namespace sora::nn {
namespace {

thread_local const RankGroup* current_group = nullptr;
thread_local const TokenSplit* current_split = nullptr;

}  // namespace

SequenceScope::SequenceScope(RankGroup group)
    : group_(std::move(group)), before_(std::exchange(current_group, &group_)) {}
SequenceScope::~SequenceScope() { current_group = before_; }
const RankGroup* SequenceScope::current() { return current_group; }

TokenSplit::TokenSplit(std::int64_t frames, std::int64_t per_frame)
    : group_(current_group), frames_(frames), per_frame_(per_frame), before_(current_split) {
  const int ranks = group_ == nullptr ? 1 : group_->size();
  if (per_frame < ranks) {
    throw Error(ErrorKind::usage, "ranks",
                "a frame has " + std::to_string(per_frame) + " tokens, which cannot be divided among " +
                    std::to_string(ranks) + " ranks; ask for a larger picture or fewer ranks");
  }
  counts_ = shares_of(per_frame, ranks);
  for (int i = 0; group_ != nullptr && i < group_->index; ++i) first_ += counts_[static_cast<std::size_t>(i)];
  current_split = this;
}

TokenSplit::~TokenSplit() { current_split = before_; }
const TokenSplit* TokenSplit::current() { return current_split; }

at::Tensor TokenSplit::own(const at::Tensor& x, std::int64_t dim) const {
  if (!divides() || x.size(dim) != frames_ * per_frame_) return x;
  return x.unflatten(dim, {frames_, per_frame_})
      .narrow(dim + 1, first_, counts_[static_cast<std::size_t>(group_->index)])
      .flatten(dim, dim + 1)
      .contiguous();
}

at::Tensor TokenSplit::all(const at::Tensor& x, std::int64_t dim) const {
  if (!divides()) return x;
  std::vector<std::vector<std::int64_t>> shapes;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    shapes.push_back(x.sizes().vec());
    shapes.back()[static_cast<std::size_t>(dim)] = tokens_of(i);
  }
  std::vector<at::Tensor> parts = all_gather(*group_, x.contiguous(), shapes);
  for (std::size_t i = 0; i < parts.size(); ++i) parts[i] = parts[i].unflatten(dim, {frames_, counts_[i]});
  return at::cat(parts, dim + 1).flatten(dim, dim + 1);
}

at::Tensor TokenSplit::attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) const {
  const auto ranks = static_cast<std::int64_t>(counts_.size());
  const std::int64_t batch = q.size(0), heads = q.size(1), own = q.size(2), d = q.size(3);
  if (heads % ranks != 0) {
    throw Error(ErrorKind::usage, "ranks",
                std::to_string(heads) + " attention heads cannot be divided among " + std::to_string(ranks) +
                    " ranks");
  }
  const std::int64_t part = heads / ranks;
  // [3, B, heads, own, d]: the ranks that follow one another in its heads get theirs.
  const at::Tensor qkv = at::stack({q, k, v});
  std::vector<at::Tensor> parts;
  std::vector<std::vector<std::int64_t>> shapes, back;
  for (std::int64_t i = 0; i < ranks; ++i) {
    parts.push_back(qkv.narrow(2, i * part, part).contiguous());
    shapes.push_back({3, batch, part, tokens_of(static_cast<std::size_t>(i)), d});
    back.push_back({batch, part, own, d});
  }
  const auto all = at::cat(all_to_all(*group_, parts, shapes), 3).unbind(0);  // 3 x [B, part, L, d]
  const at::Tensor attended = nn::attention(all[0], all[1], all[2]);          // [B, part, L, d]
  parts.clear();
  for (std::int64_t i = 0, first = 0; i < ranks; ++i) {
    const std::int64_t count = tokens_of(static_cast<std::size_t>(i));
    parts.push_back(attended.narrow(2, first, count).contiguous());
    first += count;
  }
  return at::cat(all_to_all(*group_, parts, back), 1);  // [B, heads, own, d]
}

at::Tensor self_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
  if (current_group != nullptr) current_group->communicator->check();
  return current_split != nullptr && current_split->divides() ? current_split->attention(q, k, v)
                                                              : attention(q, k, v);
}

std::int64_t bytes_of_attention(std::int64_t batch, std::int64_t dim, std::int64_t frames,
                                std::int64_t per_frame, int members, int member, std::int64_t element) {
  const std::int64_t own = frames * shares_of(per_frame, members)[static_cast<std::size_t>(member)];
  const std::int64_t others = frames * per_frame - own;
  return batch * dim / members * element * (3 * own * (members - 1) + others);
}

}  // namespace sora::nn
