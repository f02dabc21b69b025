# cpack -G DEB: Debian packages of what cmake --install puts in place, each of one component.
#
#   sora-gen           the program, its library, the model that ships
#   sora-gen-libtorch  libtorch, which Debian has only in older versions
#   sora-gen-dev       headers and find_package(sora-gen)
#
# The first depends on the second in the same version, since a library of C++ fits its own build alone.
set(CPACK_PACKAGE_NAME sora-gen)
set(CPACK_PACKAGE_VENDOR "sora-gen")
set(CPACK_PACKAGE_CONTACT "The authors of sora-gen <sora-gen@localhost>" CACHE STRING "Maintainer in the packages")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_GENERATOR DEB)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL program torch development)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE zstd)  # libtorch in seconds, not minutes
set(CPACK_DEBIAN_PACKAGE_SECTION video)

# What Debian has of the libraries that are linked, by dpkg-shlibdeps; libtorch's own are looked for where they
# are now, and lead to no package. libcurl and libavfilter are opened at run time, and so not found by it.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${libtorch_folder})
string(REGEX REPLACE "\\..*" "" avfilter_package "libavfilter${LIBAVFILTER_VERSION}")

set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME sora-gen)
set(CPACK_DEBIAN_PROGRAM_DESCRIPTION "${PROJECT_DESCRIPTION}
 One native program makes video from words, pictures and videos, on GPUs and CPUs.
 A small model comes with it; weights of Wan 2.1 and 2.2 are fetched by
 sora-gen pull.")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_DEPENDS
    "sora-gen-libtorch (= ${PROJECT_VERSION}), ${avfilter_package}, libcurl4 | libcurl4t64 | libcurl3-gnutls, \
ca-certificates")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SUGGESTS "python3, curl")  # of the scripts in share/sora-gen/scripts

set(CPACK_DEBIAN_TORCH_PACKAGE_NAME sora-gen-libtorch)
set(CPACK_DEBIAN_TORCH_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_TORCH_DESCRIPTION "libtorch as sora-gen was built with it
 The tensor library of PyTorch in a folder of sora-gen's own, without Python.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME sora-gen-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "sora-gen (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION "Headers of sora-gen's library
 For C++ programs that make video by find_package(sora-gen).")

include(CPack)
