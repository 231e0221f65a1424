#include "limbic/brain/init.h"

#include <cmath>

namespace limbic::brain {

at::Tensor normal_init(const Stream& stream, at::IntArrayRef shape, double deviation) {
  return stream.normal(shape).mul_(deviation);
}

at::Tensor linear_init(const Stream& stream, int64_t out, int64_t in) {
  return normal_init(stream, {out, in}, 1.0 / std::sqrt(static_cast<double>(in)));
}

std::string parameter_name(const std::string& what, const std::string& variable) {
  std::string name = what + "_";
  for (const char c : variable) {
    if (c == '/' || c == '%') name += '%';
    name += c == '.' ? '/' : c;
  }
  return name;
}

}  // namespace limbic::brain
