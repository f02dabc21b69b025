# A folder of src/ is a target of its own that links only what it may use; docs/architecture.md has the picture.
#
#   sora_layer(NAME [TENSORS] [DEPENDS targets...])
#
# makes the static library NAME of the .cpp files of the current folder. DEPENDS are the layers and libraries that
# it may use. TENSORS: it links ATen and shares one precompiled <ATen/ATen.h>.
#
# A static library links whatever it is given, so each layer is linked once more as a module with its DEPENDS and
# nothing else (NAME_links): a call of a layer that is not named there is an error of the build.

file(WRITE ${CMAKE_BINARY_DIR}/empty.cpp "")
add_library(sora_pch STATIC ${CMAKE_BINARY_DIR}/empty.cpp)
target_link_libraries(sora_pch PUBLIC sora_compiler Libtorch::cpu)
target_precompile_headers(sora_pch PRIVATE <ATen/ATen.h>)

define_property(GLOBAL PROPERTY SORA_LAYERS BRIEF_DOCS "All layers, the lowest first" FULL_DOCS "For libsora")

function(sora_layer name)
  cmake_parse_arguments(arg "TENSORS" "" "DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC sora_compiler ${arg_DEPENDS} PRIVATE nlohmann_json::nlohmann_json)
  if(arg_TENSORS)
    target_link_libraries(${name} PUBLIC Libtorch::cpu)
    target_precompile_headers(${name} REUSE_FROM sora_pch)
  endif()
  set_property(GLOBAL APPEND PROPERTY SORA_LAYERS ${name})

  if(NOT SORA_GEN_SANITIZE AND NOT SORA_GEN_FUZZ AND NOT SORA_GEN_GPU_CHECK)
    add_library(${name}_links MODULE ${CMAKE_BINARY_DIR}/empty.cpp)
    target_link_libraries(${name}_links PRIVATE -Wl,--whole-archive ${name} -Wl,--no-whole-archive)
    target_link_options(${name}_links PRIVATE -Wl,-z,defs -Wl,--strip-all)
    set_target_properties(${name}_links PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/links)
  endif()
endfunction()

# sora_whole(NAME PROPERTY): a target that brings all of the layers that the global property lists, also what
# nothing refers to by name: families of models register themselves.
function(sora_whole name property)
  get_property(layers GLOBAL PROPERTY ${property})
  set(flags -Wl,--whole-archive)
  foreach(layer IN LISTS layers)
    string(APPEND flags ",$<TARGET_FILE:${layer}>")
  endforeach()
  add_library(${name} INTERFACE)
  target_link_libraries(${name} INTERFACE ${flags},--no-whole-archive ${layers})
endfunction()
