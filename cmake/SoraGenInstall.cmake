# cmake --install: a tree that runs wherever it is put.
#
#   bin/sora-gen                  the program
#   lib/libsora.so                the library behind it
#   lib/sora-gen/torch/lib        libtorch, in the wheel's own layout: its libraries look for CUDA's at
#   lib/sora-gen/nvidia           ../../nvidia
#   lib/sora-gen/libc2pa_c.so     the library of content credentials, where scripts/setup fetched it
#   include/sora                  the public API
#   lib/cmake/sora-gen            find_package(sora-gen), target sora-gen::sora
#   share/sora-gen/models         the model that ships
#   share/sora-gen/scripts        what messages send people to: convert, fetch-model
#   share/man/man1                man pages, one a verb
#   share/bash-completion, share/zsh, share/fish   completions of shells
#   share/doc/sora-gen            licence
#   share/doc/sora-gen-libtorch   licences of libtorch
#
# lib/ is not CMAKE_INSTALL_LIBDIR: the program finds libsora at ../lib.
#
# Each install() is of a component, which cpack makes a package of (SoraGenPackage.cmake): development, torch, or
# program where none is named.
include(CMakePackageConfigHelpers)
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME program)

target_include_directories(sora INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)
target_compile_features(sora INTERFACE cxx_std_20)
set_target_properties(sora PROPERTIES INSTALL_RPATH "$ORIGIN/sora-gen/torch/lib" INSTALL_REMOVE_ENVIRONMENT_RPATH ON)

install(TARGETS sora-gen RUNTIME DESTINATION bin)
install(TARGETS sora EXPORT sora-gen LIBRARY DESTINATION lib)
install(DIRECTORY include/sora DESTINATION include COMPONENT development FILES_MATCHING PATTERN "*.h")

install(EXPORT sora-gen NAMESPACE sora-gen:: FILE sora-genTargets.cmake DESTINATION lib/cmake/sora-gen
        COMPONENT development)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/sora-genConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES cmake/sora-genConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/sora-genConfigVersion.cmake
        DESTINATION lib/cmake/sora-gen COMPONENT development)

file(REAL_PATH ${Libtorch_ROOT}/lib libtorch_folder)  # a link, where scripts/setup unpacked it
install(DIRECTORY ${libtorch_folder}/ DESTINATION lib/sora-gen/torch/lib COMPONENT torch
        FILES_MATCHING PATTERN "libc10*.so" PATTERN "libtorch_c*.so" PATTERN "libtorch_nvshmem.so" PATTERN "lib*.so.*")
install(DIRECTORY ${Libtorch_ROOT}/nvidia ${Libtorch_ROOT}/torch.libs DESTINATION lib/sora-gen COMPONENT torch OPTIONAL
        PATTERN include EXCLUDE)

# Opened at run time (src/provenance/c2pa_library.cpp); the program works without it.
install(FILES third_party/c2pa/libc2pa_c.so DESTINATION lib/sora-gen OPTIONAL)
install(FILES third_party/c2pa/METADATA DESTINATION share/doc/sora-gen RENAME libc2pa_c-METADATA OPTIONAL)

install(DIRECTORY models/default DESTINATION share/sora-gen/models OPTIONAL)

install(PROGRAMS scripts/convert scripts/fetch-model DESTINATION share/sora-gen/scripts)
install(FILES scripts/hub.py scripts/hub_library.py DESTINATION share/sora-gen/scripts)

# Written by the program when it was built (src/cli/CMakeLists.txt).
install(DIRECTORY ${CMAKE_BINARY_DIR}/help/man1 DESTINATION share/man)
install(FILES ${CMAKE_BINARY_DIR}/help/sora-gen DESTINATION share/bash-completion/completions)
install(FILES ${CMAKE_BINARY_DIR}/help/_sora-gen DESTINATION share/zsh/site-functions)
install(FILES ${CMAKE_BINARY_DIR}/help/sora-gen.fish DESTINATION share/fish/vendor_completions.d)

install(FILES LICENSE DESTINATION share/doc/sora-gen)
file(GLOB licences ${Libtorch_ROOT}/*.dist-info)
install(DIRECTORY ${licences} DESTINATION share/doc/sora-gen-libtorch COMPONENT torch OPTIONAL
        FILES_MATCHING PATTERN "LICENSE*" PATTERN "NOTICE*")
