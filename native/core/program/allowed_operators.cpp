#include "program/allowed_operators.h"

#include <array>
#include <string_view>
#include <unordered_set>

#include "error/error.h"

namespace drmguard {
namespace {

const std::unordered_set<std::string_view>& allowed() {
  static const std::unordered_set<std::string_view> names = {
      // Layers
      "_convolution", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "convolution", "linear",
      "addmm", "mm", "bmm", "baddbmm", "matmul", "addbmm", "dot", "mv", "einsum", "bilinear", "embedding",
      "scaled_dot_product_attention", "_scaled_dot_product_flash_attention_for_cpu", "multi_head_attention_forward",
      // Normalisation
      "batch_norm", "native_batch_norm", "_native_batch_norm_legit_no_training", "layer_norm", "native_layer_norm",
      "group_norm", "native_group_norm", "instance_norm", "local_response_norm", "rms_norm", "norm",
      "linalg_vector_norm",
      // Activations
      "relu", "relu_", "relu6", "relu6_", "leaky_relu", "leaky_relu_", "prelu", "elu", "elu_", "selu", "selu_", "celu",
      "celu_", "gelu", "silu", "silu_", "mish", "mish_", "hardtanh", "hardtanh_", "hardswish", "hardswish_",
      "hardsigmoid", "hardsigmoid_", "sigmoid", "sigmoid_", "tanh", "tanh_", "softplus", "softsign", "softmax",
      "_softmax", "log_softmax", "_log_softmax", "logsigmoid", "threshold", "threshold_", "glu", "hardshrink",
      "softshrink",
      // Pooling, resampling, padding
      "max_pool2d", "max_pool2d_with_indices", "max_pool1d", "avg_pool2d", "avg_pool1d", "adaptive_avg_pool2d",
      "_adaptive_avg_pool2d", "adaptive_avg_pool1d", "adaptive_max_pool2d", "upsample_nearest2d", "upsample_bilinear2d",
      "upsample_bicubic2d", "_upsample_bilinear2d_aa", "_upsample_bicubic2d_aa", "interpolate", "grid_sampler",
      "grid_sampler_2d", "affine_grid_generator", "pad", "constant_pad_nd", "reflection_pad2d", "replication_pad2d",
      "zero_pad2d", "pixel_shuffle", "pixel_unshuffle", "channel_shuffle", "unfold", "im2col",
      // Dropout: the identity in inference, which is the only mode run
      "dropout", "dropout_", "feature_dropout", "alpha_dropout", "feature_alpha_dropout",
      // Arithmetic
      "add", "add_", "sub", "sub_", "rsub", "mul", "mul_", "div", "div_", "true_divide", "floor_divide", "remainder",
      "fmod", "neg", "neg_", "abs", "abs_", "pow", "pow_", "square", "sqrt", "sqrt_", "rsqrt", "rsqrt_", "exp", "exp_",
      "expm1", "log", "log1p", "log2", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "erf",
      "reciprocal", "sign", "floor", "ceil", "round", "trunc", "clamp", "clamp_", "clamp_min", "clamp_max", "clamp_min_",
      "clamp_max_", "clip", "minimum", "maximum", "lerp", "addcmul", "addcdiv", "where", "masked_fill", "masked_fill_",
      "eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or", "logical_not", "bitwise_and", "bitwise_or",
      "bitwise_not", "isnan", "isinf", "nan_to_num", "cumsum", "cumprod",
      // Reductions
      "sum", "mean", "var", "std", "var_mean", "std_mean", "max", "min", "amax", "amin", "prod", "argmax", "argmin",
      "any", "all", "logsumexp", "topk", "sort", "argsort",
      // Shape
      "view", "view_as", "_unsafe_view", "reshape", "reshape_as", "flatten", "unflatten", "squeeze", "squeeze_",
      "unsqueeze", "unsqueeze_", "permute", "transpose", "transpose_", "t", "t_", "swapaxes", "movedim", "moveaxis",
      "expand", "expand_as", "repeat", "repeat_interleave", "broadcast_to", "tile", "cat", "concat", "concatenate",
      "stack", "hstack", "vstack", "split", "split_with_sizes", "chunk", "tensor_split", "unbind", "select", "slice",
      "narrow", "index", "index_select", "gather", "take_along_dim", "flip", "roll", "rot90", "contiguous", "clone",
      "detach", "detach_", "alias", "lift_fresh_copy", "lift_fresh", "to", "_to_copy", "type_as", "float", "double",
      "half", "triu", "tril", "diagonal", "meshgrid", "numel", "size", "dim", "len", "is_floating_point", "Int", "Float",
      "Bool", "ScalarImplicit", "IntImplicit", "FloatImplicit", "__getitem__", "__is__", "__isnot__", "__not__",
      "__and__", "__or__", "__contains__", "floordiv", "floor", "sym_size", "sym_numel", "append", "list", "copy",
      "format", "warn", "ceil", "percentFormat",
      // Creation
      "zeros", "ones", "full", "empty", "zeros_like", "ones_like", "full_like", "empty_like", "new_zeros", "new_ones",
      "new_full", "new_empty", "arange", "linspace", "eye", "scalar_tensor", "tensor", "copy_", "fill_", "zero_"};
  return names;
}

/// Operators that reach outside the computation; named so that the user is told of danger, not of a gap.
constexpr std::array<std::string_view, 6> kDangerous = {"aten::save",       "aten::from_file", "prim::PythonOp",
                                                        "prim::CallMethod", "prim::fork",      "aten::wait"};

/// Structural nodes of TorchScript that move values about and compute nothing.
const std::unordered_set<std::string_view>& structural() {
  static const std::unordered_set<std::string_view> names = {
      "prim::Constant",       "prim::ListConstruct", "prim::TupleConstruct",  "prim::ListUnpack",
      "prim::TupleUnpack",    "prim::TupleIndex",    "prim::NumToTensor",     "prim::GetAttr",
      "prim::If",             "prim::Loop",          "prim::RaiseException",  "prim::Uninitialized",
      "prim::unchecked_cast", "prim::dtype",         "prim::device",          "prim::is_cuda",
      "prim::shape",          "prim::min",           "prim::max",             "prim::DictConstruct",
      "prim::layout",        "prim::requires_grad",   "prim::unchecked_unwrap_optional"};
  return names;
}

}  // namespace

OperatorStanding operator_standing(const std::string& qualified_name) {
  for (std::string_view name : kDangerous) {
    if (qualified_name == name) return OperatorStanding::dangerous;
  }
  if (structural().count(qualified_name) != 0) return OperatorStanding::allowed;
  for (std::string_view prefix : {"aten::", "scalar::"}) {
    if (qualified_name.rfind(prefix, 0) == 0) {
      const bool known = allowed().count(std::string_view(qualified_name).substr(prefix.size())) != 0;
      return known ? OperatorStanding::allowed : OperatorStanding::unknown;
    }
  }
  // rpc, custom classes and operators of other libraries run code that is not LibTorch's.
  const bool calls_out = qualified_name.rfind("prim::rpc", 0) == 0 || qualified_name.rfind("prim::Python", 0) == 0;
  return calls_out ? OperatorStanding::dangerous : OperatorStanding::unknown;
}

void require_allowed(const std::string& qualified_name) {
  switch (operator_standing(qualified_name)) {
    case OperatorStanding::allowed:
      return;
    case OperatorStanding::dangerous:
      throw Error(ErrorCode::ERR_MODEL_UNSAFE,
                  "the model calls " + qualified_name + ", which reaches outside the computation");
    case OperatorStanding::unknown:
      throw Error(ErrorCode::ERR_MODEL_UNSUPPORTED,
                  "the model calls " + qualified_name + ", which is not among the operators that may run");
  }
}

}  // namespace drmguard
