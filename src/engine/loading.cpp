// SPDX-License-Identifier: BSD-2-Clause
#include "engine/loading.hpp"

#include "engine/capability.hpp"
#include "engine/type_subset.hpp"

#include <bpf/libbpf.h>
#include <cerrno>
#include <cstring>

namespace sig2pid::engine {

namespace {

/// libbpf's own words of the last failure: they name the program and the reason. Its callback is one a process.
thread_local std::string last_words;

/// Before it loads anything libbpf raises a limit that kernels since 5.11 do not hold BPF to. Who may not load programs
/// may not do that either, and would go after the wrong thing.
bool is_misleading(std::string_view line) {
    return line.find("RLIMIT_MEMLOCK") != std::string_view::npos;
}

void keep_words(std::string_view line) {
    const bool is_reason = line.find("BPF program load failed") != std::string_view::npos;
    if (!is_misleading(line) && (is_reason || last_words.empty())) {
        last_words = line.substr(0, line.find_last_not_of('\n') + 1);
    }
}

[[gnu::format(printf, 2, 0)]] int remember(libbpf_print_level level, const char* format, va_list arguments) {
    if (level == LIBBPF_WARN) {
        char line[512];
        vsnprintf(line, sizeof(line), format, arguments);
        keep_words(line);
    }
    return 0;
}

} // namespace

void listen_to_libbpf() {
    libbpf_set_print(remember);
    last_words.clear();
}

std::unexpected<Error> kernel_refused(int code, const std::string& operation, const std::string& what) {
    std::string text = "the kernel refused to " + what + ": " + std::strerror(code);
    const std::string missing = missing_for_bpf();
    if ((code == EPERM || code == EACCES) && !missing.empty()) {
        text = "to " + what + " needs " + missing +
               " (or CAP_SYS_ADMIN), which this process lacks: run it as root or with sudo";
    } else if (code == EPERM) {
        text += "; a lockdown mode or a security module may forbid BPF here, see `sig2pid doctor`";
    }
    if (code == EMFILE) {
        text += "; no descriptor is left: raise RLIMIT_NOFILE (ulimit -n)";
    }
    if (!last_words.empty()) {
        text += " (" + last_words + ")";
    }
    return failure(code, operation, text);
}

Result<> load_skeleton(bpf_object_skeleton& skeleton) {
    const Result<KernelTypes>& kernel = KernelTypes::of_running_kernel();
    if (!kernel) {
        return std::unexpected(kernel.error());
    }
    const TypeSubset subset = TypeSubset::make(*kernel, *skeleton.obj);
    const UseSubset use(subset);
    const int error = bpf_object__load_skeleton(&skeleton);
    return error == 0 ? Result<>() : kernel_refused(-error, "bpf", "load a BPF program");
}

} // namespace sig2pid::engine
