# SPDX-License-Identifier: BSD-2-Clause
# sig2pid_skeleton(NAME [DIRECTORY]): DIRECTORY/NAME.bpf.c, or bpf/NAME.bpf.c, becomes NAME.skel.h; link
# sig2pid_skeleton_NAME to include it.
find_program(SIG2PID_BPF_CLANG NAMES clang-19 REQUIRED)
find_program(SIG2PID_BPF_STRIP NAMES llvm-strip-19 REQUIRED)
find_program(SIG2PID_BPFTOOL NAMES bpftool PATHS /usr/sbin /sbin REQUIRED)

function(sig2pid_skeleton name)
  set(source "${PROJECT_SOURCE_DIR}/bpf/${name}.bpf.c")
  if(ARGC GREATER 1)
    set(source "${ARGV1}/${name}.bpf.c")
  endif()
  set(directory "${PROJECT_BINARY_DIR}/bpf")
  set(object "${directory}/${name}.bpf.o")
  set(skeleton "${directory}/${name}.skel.h")
  file(MAKE_DIRECTORY "${directory}")
  add_custom_command(OUTPUT "${object}"
    # the uapi headers of Debian are in a directory that is clang's by default only for the host's own target
    COMMAND "${SIG2PID_BPF_CLANG}" -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Wno-unused-parameter -Werror
      -I "/usr/include/${CMAKE_LIBRARY_ARCHITECTURE}" -D__TARGET_ARCH_x86 -MD -MF "${object}.d" -c "${source}" -o "${object}"
    COMMAND "${SIG2PID_BPF_STRIP}" -g "${object}"
    DEPENDS "${source}" DEPFILE "${object}.d"
    COMMENT "Compiling BPF program ${name}" VERBATIM)
  add_custom_command(OUTPUT "${skeleton}"
    COMMAND sh -c "\"$1\" gen skeleton \"$2\" name \"$3\" > \"$4\"" skeleton "${SIG2PID_BPFTOOL}" "${object}" "${name}" "${skeleton}"
    DEPENDS "${object}"
    COMMENT "Generating skeleton ${name}" VERBATIM)
  add_custom_target(sig2pid_skeleton_${name}_files DEPENDS "${skeleton}")
  add_library(sig2pid_skeleton_${name} INTERFACE)
  add_dependencies(sig2pid_skeleton_${name} sig2pid_skeleton_${name}_files)
  target_include_directories(sig2pid_skeleton_${name} SYSTEM INTERFACE "${directory}")
endfunction()
