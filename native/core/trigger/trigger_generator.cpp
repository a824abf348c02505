#include "trigger/trigger_generator.h"

#include "trigger/additive_pattern.h"
#include "trigger/encoder_decoder.h"

namespace drmguard {

std::unique_ptr<TriggerGenerator> make_trigger_generator(TriggerFamily family, const TriggerShape& shape,
                                                         const std::vector<std::optional<Patch>>& patches,
                                                         uint64_t seed, const at::Device& device) {
  if (family == TriggerFamily::additive_pattern) return std::make_unique<AdditivePattern>(shape, patches, device);
  return std::make_unique<EncoderDecoder>(shape, seed, device);
}

}  // namespace drmguard
