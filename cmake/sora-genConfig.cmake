# find_package(sora-gen): the target sora-gen::sora (libsora and its headers, include/sora).
include("${CMAKE_CURRENT_LIST_DIR}/sora-genTargets.cmake")
