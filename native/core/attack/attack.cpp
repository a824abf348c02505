#include "attack/attack.h"

#include "error/error.h"

namespace drmguard {

at::Tensor Attack::apply_in_training(const at::Tensor& images, at::Generator&, const at::Tensor&) const {
  return apply(images);
}

at::Tensor Attack::apply_cross(const at::Tensor&, at::Generator&) const {
  throw Error(ErrorCode::ERR_INTERNAL, "this attack has no triggers that must not work");
}

void Attack::prepare(const at::Tensor&, at::Generator&) {}

at::Tensor Attack::loss(const at::Tensor&, at::Generator&) const { return {}; }

}  // namespace drmguard
