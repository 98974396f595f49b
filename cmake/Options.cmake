# SPDX-License-Identifier: BSD-2-Clause
# Language, warnings and sanitizers: one interface target that every target of the project links.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
if(SIG2PID_PRECOMPILE)
  add_compile_options(-fPIC) # one kind of code everywhere, or programs could not take the headers of libraries
else()
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
endif()
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_library(sig2pid_options INTERFACE)
target_include_directories(sig2pid_options INTERFACE "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src")
target_compile_options(sig2pid_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-align
  -Wformat=2 -Wimplicit-fallthrough $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor$<SEMICOLON>-Wold-style-cast>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # optimised string concatenation is taken for overlapping copies (GCC bug 105651)
  target_compile_options(sig2pid_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)
  if(SIG2PID_PRECOMPILE) # out of a precompiled header the same bug looks like this
    target_compile_options(sig2pid_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-array-bounds$<SEMICOLON>-Wno-stringop-overflow$<SEMICOLON>-Wno-stringop-overread>)
  endif()
endif()
if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU") # takes every file but the first for a header
  target_compile_options(sig2pid_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-subobject-linkage>)
endif()
if(SIG2PID_DEVELOPER)
  target_compile_options(sig2pid_options INTERFACE -Werror)
endif()
if(SIG2PID_SANITIZE)
  target_compile_options(sig2pid_options INTERFACE "-fsanitize=${SIG2PID_SANITIZE}" -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(sig2pid_options INTERFACE "-fsanitize=${SIG2PID_SANITIZE}")
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    target_link_options(sig2pid_options INTERFACE -fuse-ld=lld) # GNU's takes a second and more for each such program
  endif()
endif()

if(SIG2PID_FUZZ)
  target_compile_options(sig2pid_options INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(sig2pid_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# sig2pid_static(TARGET [PUBLIC]): links it, or with PUBLIC what links it, statically where that is asked for and possible.
function(sig2pid_static target)
  set(scope PRIVATE)
  if(ARGC GREATER 1)
    set(scope "${ARGV1}")
  endif()
  if(SIG2PID_STATIC AND NOT SIG2PID_SANITIZE)
    target_link_options(${target} ${scope} -static)
  endif()
endfunction()

# sig2pid_precompile(TARGET HEADER...): compiles the headers once for all files of the target, or takes those of another:
# sig2pid_precompile(TARGET REUSE_FROM OTHER). It shortens a build with tests by half, and hides a missing #include: what
# is shipped and linted is built without.
function(sig2pid_precompile target)
  if(NOT SIG2PID_PRECOMPILE)
    return()
  endif()
  if(ARGV1 STREQUAL "REUSE_FROM")
    target_precompile_headers(${target} REUSE_FROM ${ARGV2})
  else()
    target_precompile_headers(${target} PRIVATE ${ARGN})
  endif()
endfunction()
