// The networks that make_architecture knows, one file each. They take a spec that make_architecture has checked.
#pragma once

#include "architecture/architecture.h"

namespace drmguard {

/// ResNet18 as torchvision writes it (He et al. 2016).
Architecture make_resnet18(const ArchitectureSpec& spec, uint64_t seed);
/// The same blocks with widths 16 to 128; stem 3×3 with stride 2 and no max pool, for images of about 64 pixels.
Architecture make_resnet18_slim(const ArchitectureSpec& spec, uint64_t seed);
/// One basic block in each of three stages of widths 16, 32, 64, the same stem; for images of 32 to 64 pixels.
Architecture make_resnet_tiny(const ArchitectureSpec& spec, uint64_t seed);
/// torchvision's VGG11 with batch norms up to its last pool; then the mean over all places and one head, because the
/// published classifier of two layers with 4096 units has 120 million weights, which a regression cannot fill.
Architecture make_vgg11_bn(const ArchitectureSpec& spec, uint64_t seed);
/// MobileNetV2 as torchvision writes it (Sandler et al. 2018), without its dropout.
Architecture make_mobilenet_v2(const ArchitectureSpec& spec, uint64_t seed);
/// A vision transformer (Dosovitskiy et al. 2021) of 8×8 patches, width 96, depth 4, 3 heads, mlp 192, without dropout;
/// torchvision's names. Height and width have to be multiples of 8.
Architecture make_vit_small(const ArchitectureSpec& spec, uint64_t seed);

}  // namespace drmguard
