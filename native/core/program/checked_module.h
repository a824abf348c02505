// TorchScript archives, looked at before anything of them runs.
#pragma once

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/ir.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace drmguard {

/// The module of an archive in evaluation mode: the archive is screened and every operator of its forward method is
/// on the allow-list. Throws ERR_MODEL_TRUNCATED, ERR_MODEL_FORMAT, ERR_MODEL_UNSAFE, ERR_MODEL_UNSUPPORTED or
/// ERR_MODEL_TOO_LARGE.
torch::jit::Module load_checked_module(const uint8_t* bytes, size_t size);

/// The forward method of a frozen module, checked again and counted, without changes in place.
std::shared_ptr<torch::jit::Graph> checked_graph(const torch::jit::Module& frozen, std::map<std::string, int>& operators);

}  // namespace drmguard
