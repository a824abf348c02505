// The security allow-list: a model is untrusted input, and only operators named here may run.
#pragma once

#include <string>

namespace drmguard {

enum class OperatorStanding {
  /// A pure tensor or size computation that inference uses.
  allowed,
  /// Not on the list; DRMGuard refuses it because it does not know it.
  unknown,
  /// Reaches outside the computation (files, Python, other processes).
  dangerous,
};

/// Judges an operator by its qualified name without overload, for example "aten::conv2d".
OperatorStanding operator_standing(const std::string& qualified_name);

/// Throws ERR_MODEL_UNSAFE or ERR_MODEL_UNSUPPORTED, naming the operator, unless it is allowed.
void require_allowed(const std::string& qualified_name);

}  // namespace drmguard
