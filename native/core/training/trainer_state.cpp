// The weights and the state of a training run, by name.
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/tensor.h>

#include <unordered_map>

#include "error/error.h"
#include "training/output_layer.h"
#include "training/trainer.h"

namespace drmguard {
namespace {

using ByName = std::unordered_map<std::string, at::Tensor>;

at::Tensor kept(const at::Tensor& tensor) { return tensor.detach().cpu().clone(); }

const at::Tensor& find(const ByName& state, const std::string& name, const at::Tensor& like) {
  const auto found = state.find(name);
  if (found == state.end()) {
    throw Error(ErrorCode::ERR_CONFIG, "expected the tensor '" + name + "' in the state, it is not there");
  }
  if (found->second.sizes() != like.sizes() || found->second.scalar_type() != like.scalar_type()) {
    throw Error(ErrorCode::ERR_CONFIG, "the tensor '" + name + "' of the state has another shape or type than this plan's");
  }
  return found->second;
}

std::string attack_prefix(size_t attack) { return "attack/" + std::to_string(attack) + "/"; }

}  // namespace

NamedTensors Trainer::weights() const {
  at::NoGradGuard no_grad;
  const OutputLayer layer = output_layer(architecture_);
  NamedTensors all;
  for (const auto* ids : {&architecture_.parameters, &architecture_.buffers}) {
    for (ValueId id : *ids) {
      at::Tensor value = architecture_.program.constant(id)->detach();
      if (id == layer.weight) value = value * label_deviation_.unsqueeze(1);
      if (id == layer.bias) value = value * label_deviation_ + label_mean_;
      all.push_back({architecture_.program.value_name(id), kept(value)});
    }
  }
  return all;
}

NamedTensors Trainer::attack_state(size_t attack) const {
  if (attack >= plan_.attacks.size()) throw Error(ErrorCode::ERR_CONFIG, "the plan has no such attack");
  NamedTensors state = plan_.attacks[attack].attack->state();
  for (NamedTensor& entry : state) entry.tensor = kept(entry.tensor);
  return state;
}

NamedTensors Trainer::state() const {
  NamedTensors all;
  all.push_back({"epoch", at::tensor(std::vector<int64_t>{epoch_}, at::TensorOptions().dtype(at::kLong))});
  for (const auto* ids : {&architecture_.parameters, &architecture_.buffers}) {
    for (ValueId id : *ids) {
      all.push_back({"model/" + architecture_.program.value_name(id), kept(*architecture_.program.constant(id))});
    }
  }
  const auto add = [&](NamedTensors more) { all.insert(all.end(), more.begin(), more.end()); };
  add(optimiser_->moments());
  for (size_t i = 0; i < plan_.attacks.size(); ++i) {
    for (NamedTensor& entry : attack_state(i)) all.push_back({attack_prefix(i) + entry.name, entry.tensor});
  }
  if (attack_optimiser_) add(attack_optimiser_->moments());
  return all;
}

void Trainer::restore(const NamedTensors& state) {
  at::NoGradGuard no_grad;
  ByName by_name;
  for (const NamedTensor& entry : state) by_name.emplace(entry.name, entry.tensor);
  const at::Tensor one = at::tensor(std::vector<int64_t>{0}, at::TensorOptions().dtype(at::kLong));
  const int64_t epoch = find(by_name, "epoch", one).item<int64_t>();
  if (epoch < 0 || epoch > plan_.epochs) throw Error(ErrorCode::ERR_CONFIG, "the state is of a longer training than the plan's");
  for (const auto* ids : {&architecture_.parameters, &architecture_.buffers}) {
    for (ValueId id : *ids) {
      at::Tensor value = *architecture_.program.constant(id);
      value.copy_(find(by_name, "model/" + architecture_.program.value_name(id), value));
    }
  }
  for (size_t i = 0; i < plan_.attacks.size(); ++i) {
    NamedTensors own;
    for (const NamedTensor& entry : state) {
      if (entry.name.rfind(attack_prefix(i), 0) == 0) own.push_back({entry.name.substr(attack_prefix(i).size()), entry.tensor});
    }
    plan_.attacks[i].attack->restore(own);
    plan_.attacks[i].attack->to(device_);
  }
  // restore() may give an attack new tensors: the optimisers are made anew and get their moments back.
  make_optimisers();
  optimiser_->restore(state);
  if (attack_optimiser_) attack_optimiser_->restore(state);
  epoch_ = epoch;
}

}  // namespace drmguard
