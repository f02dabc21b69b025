# libtorch from an unpacked PyPI wheel, CPU or CUDA build, without needing a CUDA toolkit.
#
#   Libtorch_ROOT   folder with include/ and lib/; default third_party/libtorch
#
# Targets: Libtorch::cpu (ATen and c10), and Libtorch::cuda where the wheel has it.
set(Libtorch_ROOT "${PROJECT_SOURCE_DIR}/third_party/libtorch" CACHE PATH "Unpacked libtorch")

find_path(Libtorch_INCLUDE_DIR ATen/ATen.h PATHS ${Libtorch_ROOT}/include NO_DEFAULT_PATH)
find_library(Libtorch_CPU_LIBRARY torch_cpu PATHS ${Libtorch_ROOT}/lib NO_DEFAULT_PATH)
find_library(Libtorch_C10_LIBRARY c10 PATHS ${Libtorch_ROOT}/lib NO_DEFAULT_PATH)
find_library(Libtorch_CUDA_LIBRARY torch_cuda PATHS ${Libtorch_ROOT}/lib NO_DEFAULT_PATH)
find_library(Libtorch_C10_CUDA_LIBRARY c10_cuda PATHS ${Libtorch_ROOT}/lib NO_DEFAULT_PATH)
mark_as_advanced(Libtorch_INCLUDE_DIR Libtorch_CPU_LIBRARY Libtorch_C10_LIBRARY
                 Libtorch_CUDA_LIBRARY Libtorch_C10_CUDA_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Libtorch
    REQUIRED_VARS Libtorch_CPU_LIBRARY Libtorch_C10_LIBRARY Libtorch_INCLUDE_DIR
    REASON_FAILURE_MESSAGE "run scripts/setup, which unpacks it into third_party/libtorch")

if(Libtorch_FOUND AND NOT TARGET Libtorch::cpu)
  add_library(Libtorch::c10 SHARED IMPORTED)
  set_target_properties(Libtorch::c10 PROPERTIES IMPORTED_LOCATION ${Libtorch_C10_LIBRARY})
  add_library(Libtorch::cpu SHARED IMPORTED)
  set_target_properties(Libtorch::cpu PROPERTIES
      IMPORTED_LOCATION ${Libtorch_CPU_LIBRARY}
      INTERFACE_LINK_LIBRARIES Libtorch::c10)
  # After every other include path: the wheel brings its own fmt, which must not hide the system's.
  target_compile_options(Libtorch::cpu INTERFACE "SHELL:-idirafter ${Libtorch_INCLUDE_DIR}")
  target_link_options(Libtorch::cpu INTERFACE -Wl,--allow-shlib-undefined)
  if(Libtorch_CUDA_LIBRARY AND Libtorch_C10_CUDA_LIBRARY)
    add_library(Libtorch::cuda SHARED IMPORTED)
    set_target_properties(Libtorch::cuda PROPERTIES
        IMPORTED_LOCATION ${Libtorch_CUDA_LIBRARY}
        INTERFACE_LINK_LIBRARIES "Libtorch::cpu;${Libtorch_C10_CUDA_LIBRARY}")
  endif()
endif()
