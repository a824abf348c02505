#include "trigger/trigger_generator.h"

#include "error/error.h"
#include "trigger/additive_pattern.h"
#include "trigger/encoder_decoder.h"
#include "trigger/patch_content.h"
#include "trigger/plane_wave.h"
#include "trigger/smooth_warp.h"

namespace drmguard {

void require_inside(const Patch& patch, const TriggerShape& shape) {
  // Written without sums of what was given: they could overflow.
  const bool inside = patch.size > 0 && patch.size <= shape.height && patch.size <= shape.width && patch.top >= 0 &&
                      patch.left >= 0 && patch.top <= shape.height - patch.size && patch.left <= shape.width - patch.size;
  if (!inside || static_cast<int64_t>(patch.colour.size()) != shape.channels) {
    throw Error(ErrorCode::ERR_CONFIG, "a start's patch does not fit the images");
  }
}

std::unique_ptr<TriggerGenerator> make_trigger_generator(TriggerFamily family, const TriggerShape& shape,
                                                         const std::vector<TriggerStart>& starts,
                                                         uint64_t seed, const at::Device& device) {
  switch (family) {
    case TriggerFamily::additive_pattern: return std::make_unique<AdditivePattern>(shape, starts, device);
    case TriggerFamily::smooth_warp: return std::make_unique<SmoothWarp>(shape, device);
    case TriggerFamily::patch: return std::make_unique<PatchContent>(shape, starts, seed, device);
    case TriggerFamily::wave: return std::make_unique<PlaneWave>(shape, starts, device);
    case TriggerFamily::encoder_decoder: break;
  }
  return std::make_unique<EncoderDecoder>(shape, seed, device);
}

}  // namespace drmguard
