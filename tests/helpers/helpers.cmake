# SPDX-License-Identifier: BSD-2-Clause
# Brings in the helpers once, whichever test directory comes first.
include(GoogleTest)
find_package(GTest REQUIRED)
set(fewer_rounds "")
if(SIG2PID_SANITIZE)
  set(fewer_rounds ENVIRONMENT SIG2PID_FEWER_ROUNDS=1)
endif()
if(NOT TARGET sig2pid_test_helpers)
  add_subdirectory("${PROJECT_SOURCE_DIR}/tests/helpers" "${PROJECT_BINARY_DIR}/tests/helpers")
endif()
