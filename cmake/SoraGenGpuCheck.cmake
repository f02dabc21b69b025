# gpu_check alone, on a machine that has a compiler and torch, and none of the libraries that the program needs:
# scripts/gpu-check --pack brings the two that are used here, in dependencies/. Left out are tokenizers and video;
# gpu_check calls nothing of them, so that what refers to them is not linked.
find_package(Libtorch REQUIRED)
set(SORA_GEN_DEPENDENCIES "${PROJECT_SOURCE_DIR}/dependencies" CACHE PATH "Headers and libraries beside torch")

add_library(nlohmann_json::nlohmann_json INTERFACE IMPORTED)
target_include_directories(nlohmann_json::nlohmann_json SYSTEM INTERFACE ${SORA_GEN_DEPENDENCIES}/include)
add_library(OpenSSL::Crypto SHARED IMPORTED)
set_target_properties(OpenSSL::Crypto PROPERTIES IMPORTED_LOCATION ${SORA_GEN_DEPENDENCIES}/lib/libcrypto.so.3
    INTERFACE_INCLUDE_DIRECTORIES ${SORA_GEN_DEPENDENCIES}/include)

include(SoraGenLayers)
add_library(sora_t5_text INTERFACE)
add_library(sora_t5_tokenizer INTERFACE)
target_link_libraries(sora_t5_tokenizer INTERFACE sora_t5)
add_library(sora_media STATIC ${PROJECT_SOURCE_DIR}/src/media/pillow_resize.cpp)
target_link_libraries(sora_media PUBLIC sora_compiler sora_core)

foreach(folder core core/output core/json checkpoint checkpoint/blocks sampling/config models models/t5 models/clip
               models/wan models/ltx
               plan/geometry plan/model plan/machine weights nn/cpu nn/cuda nn sampling models/networks models/t5/networks models/clip/networks
               models/wan/networks models/ltx/networks)
  add_subdirectory(src/${folder})
endforeach()

file(GLOB sources tests/bench/gpu_check/*.cpp)
add_executable(gpu_check ${sources})
target_link_libraries(gpu_check PRIVATE sora_wan_networks sora_ltx_networks sora_sampling sora_plan_machine)
target_precompile_headers(gpu_check REUSE_FROM sora_pch)
target_compile_options(gpu_check PRIVATE -fPIC)
