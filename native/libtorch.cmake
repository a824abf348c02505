# Finds LibTorch without find_package(Torch): its config is an error wherever a CUDA toolkit is incomplete.
# Result: imported targets libtorch::cpu and, when LibTorch carries it, libtorch::cuda; LIBTORCH_VERSION.
set(LIBTORCH "$ENV{LIBTORCH}" CACHE PATH "Root of LibTorch: the folder with include/ and lib/")
if(NOT LIBTORCH)
  set(LIBTORCH "${CMAKE_SOURCE_DIR}/vendor/libtorch/torch" CACHE PATH "" FORCE)
endif()

set(version_header "${LIBTORCH}/include/torch/headeronly/version.h")
if(NOT EXISTS "${version_header}")
  set(version_header "${LIBTORCH}/include/torch/csrc/api/include/torch/version.h")
endif()
if(NOT EXISTS "${LIBTORCH}/include/ATen/ATen.h" OR NOT EXISTS "${version_header}")
  message(FATAL_ERROR
    "LibTorch was not found: expected include/ATen/ATen.h below '${LIBTORCH}'. "
    "Run 'npm run build:native' to fetch it, or set LIBTORCH to the root of one (>= 2.4).")
endif()
file(READ "${version_header}" version_text)
foreach(part MAJOR MINOR PATCH)
  string(REGEX MATCH "TORCH_VERSION_${part} ([0-9]+)" _ "${version_text}")
  set(LIBTORCH_${part} "${CMAKE_MATCH_1}")
endforeach()
set(LIBTORCH_VERSION "${LIBTORCH_MAJOR}.${LIBTORCH_MINOR}.${LIBTORCH_PATCH}")
if(LIBTORCH_VERSION VERSION_LESS 2.4)
  message(FATAL_ERROR "LibTorch ${LIBTORCH_VERSION} in '${LIBTORCH}' is too old: 2.4 or later is needed.")
endif()
set(CMAKE_CXX_STANDARD 20)  # newer LibTorch asks for it, older ones accept it

find_library(LIBTORCH_CPU_LIBRARY torch_cpu PATHS "${LIBTORCH}/lib" NO_DEFAULT_PATH REQUIRED)
find_library(LIBTORCH_C10_LIBRARY c10 PATHS "${LIBTORCH}/lib" NO_DEFAULT_PATH REQUIRED)
find_library(LIBTORCH_CUDA_LIBRARY torch_cuda PATHS "${LIBTORCH}/lib" NO_DEFAULT_PATH)

add_library(libtorch::c10 UNKNOWN IMPORTED)
set_target_properties(libtorch::c10 PROPERTIES IMPORTED_LOCATION "${LIBTORCH_C10_LIBRARY}")
add_library(libtorch::cpu UNKNOWN IMPORTED)
set_target_properties(libtorch::cpu PROPERTIES
  IMPORTED_LOCATION "${LIBTORCH_CPU_LIBRARY}"
  INTERFACE_LINK_LIBRARIES libtorch::c10)
target_include_directories(libtorch::cpu SYSTEM INTERFACE
  "${LIBTORCH}/include" "${LIBTORCH}/include/torch/csrc/api/include")

# Linked so that the CUDA kernels register themselves; the linker must not drop it for want of a used symbol.
if(LIBTORCH_CUDA_LIBRARY)
  add_library(libtorch::cuda UNKNOWN IMPORTED)
  set_target_properties(libtorch::cuda PROPERTIES IMPORTED_LOCATION "${LIBTORCH_CUDA_LIBRARY}")
endif()

message(STATUS "LibTorch ${LIBTORCH_VERSION} in ${LIBTORCH} (C++${CMAKE_CXX_STANDARD}, CUDA library: ${LIBTORCH_CUDA_LIBRARY})")
