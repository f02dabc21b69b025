#include "checkpoint/fp4.h"

#include <cmath>

#include "checkpoint/half.h"
#include "sora/error.h"

namespace sora {
namespace {

constexpr std::int64_t kTileRows = 128, kTileColumns = 4;

std::int64_t tiles(std::int64_t count, std::int64_t of) { return (count + of - 1) / of; }

/// Where the scale of a row and column is. A tile's rows r, r + 32, r + 64 and r + 96 are neighbours.
std::int64_t place_in_tiles(std::int64_t row, std::int64_t column, std::int64_t columns) {
  const std::int64_t tile = row / kTileRows * tiles(columns, kTileColumns) + column / kTileColumns;
  const std::int64_t within = row % kTileRows;
  return tile * kTileRows * kTileColumns + within % 32 * 16 + within / 32 * 4 + column % kTileColumns;
}

}  // namespace

ScaleGrid read_fp4_scales(const WeightFile& scales, const std::string& name, const WeightFile& factor,
                          const std::string& of_all, const TensorInfo& weight, bool in_tiles) {
  const TensorInfo& info = scales.tensors().at(name);
  const std::int64_t rows = weight.shape.at(0), columns = weight.shape.at(1) / kFp4Group;
  const std::int64_t expected =
      in_tiles ? tiles(rows, kTileRows) * kTileRows * tiles(columns, kTileColumns) * kTileColumns
               : rows * columns;
  if (info.dtype != DType::f8_e4m3 || static_cast<std::int64_t>(info.elements()) != expected) {
    throw Error(ErrorKind::data, "checkpoint",
                scales.path().string() + ": the scales " + name + " are " + shape_text(info.shape) + " of " +
                    dtype_name(info.dtype) + ", expected " + std::to_string(expected) +
                    " of F8_E4M3 for a weight of " + shape_text(weight.shape));
  }
  std::vector<std::uint8_t> bytes(info.end - info.begin);
  scales.read(info, bytes.data());
  const float all = read_scalar(factor, of_all);
  ScaleGrid grid{rows, columns, {}};
  grid.values.reserve(static_cast<std::size_t>(rows * columns));
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t column = 0; column < columns; ++column) {
      const std::int64_t place = in_tiles ? place_in_tiles(row, column, columns) : row * columns + column;
      const float value = e4m3_to_float(bytes[static_cast<std::size_t>(place)]) * all;
      if (!(value >= 0) || !std::isfinite(value)) {  // 0: all numbers of the group are 0
        throw Error(ErrorKind::data, "checkpoint",
                    scales.path().string() + ": the scales " + name +
                        " have one below 0 or that is not finite, expected numbers from 0");
      }
      grid.values.push_back(value);
    }
  }
  return grid;
}

}  // namespace sora
