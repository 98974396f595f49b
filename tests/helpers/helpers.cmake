# SPDX-License-Identifier: BSD-2-Clause
# Brings in the helpers once, whichever test directory comes first.
include(GoogleTest)
find_package(GTest REQUIRED)
if(NOT TARGET sig2pid_test_helpers)
  add_subdirectory("${PROJECT_SOURCE_DIR}/tests/helpers" "${PROJECT_BINARY_DIR}/tests/helpers")
endif()
