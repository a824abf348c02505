#include "trigger/trigger_generator.h"

#include "trigger/additive_pattern.h"
#include "trigger/encoder_decoder.h"
#include "trigger/smooth_warp.h"

namespace drmguard {

std::unique_ptr<TriggerGenerator> make_trigger_generator(TriggerFamily family, const TriggerShape& shape,
                                                         const std::vector<std::optional<Patch>>& patches,
                                                         uint64_t seed, const at::Device& device) {
  switch (family) {
    case TriggerFamily::additive_pattern: return std::make_unique<AdditivePattern>(shape, patches, device);
    case TriggerFamily::smooth_warp: return std::make_unique<SmoothWarp>(shape, device);
    case TriggerFamily::encoder_decoder: break;
  }
  return std::make_unique<EncoderDecoder>(shape, seed, device);
}

}  // namespace drmguard
