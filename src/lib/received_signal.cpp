// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/receiver.hpp>

#include <array>
#include <cstring>
#include <span>

namespace sig2pid {
namespace {

struct CodeName {
    int code;
    std::string_view name;
};

/// Codes of every signal; see sigaction(2).
constexpr std::array common_codes = {
    CodeName{SI_USER, "SI_USER"},       CodeName{SI_KERNEL, "SI_KERNEL"}, CodeName{SI_QUEUE, "SI_QUEUE"},
    CodeName{SI_TIMER, "SI_TIMER"},     CodeName{SI_MESGQ, "SI_MESGQ"},   CodeName{SI_ASYNCIO, "SI_ASYNCIO"},
    CodeName{SI_SIGIO, "SI_SIGIO"},     CodeName{SI_TKILL, "SI_TKILL"},   CodeName{SI_DETHREAD, "SI_DETHREAD"},
    CodeName{SI_ASYNCNL, "SI_ASYNCNL"},
};
constexpr std::array ill_codes = {
    CodeName{ILL_ILLOPC, "ILL_ILLOPC"}, CodeName{ILL_ILLOPN, "ILL_ILLOPN"}, CodeName{ILL_ILLADR, "ILL_ILLADR"},
    CodeName{ILL_ILLTRP, "ILL_ILLTRP"}, CodeName{ILL_PRVOPC, "ILL_PRVOPC"}, CodeName{ILL_PRVREG, "ILL_PRVREG"},
    CodeName{ILL_COPROC, "ILL_COPROC"}, CodeName{ILL_BADSTK, "ILL_BADSTK"},
};
constexpr std::array fpe_codes = {
    CodeName{FPE_INTDIV, "FPE_INTDIV"}, CodeName{FPE_INTOVF, "FPE_INTOVF"}, CodeName{FPE_FLTDIV, "FPE_FLTDIV"},
    CodeName{FPE_FLTOVF, "FPE_FLTOVF"}, CodeName{FPE_FLTUND, "FPE_FLTUND"}, CodeName{FPE_FLTRES, "FPE_FLTRES"},
    CodeName{FPE_FLTINV, "FPE_FLTINV"}, CodeName{FPE_FLTSUB, "FPE_FLTSUB"},
};
constexpr std::array segv_codes = {
    CodeName{SEGV_MAPERR, "SEGV_MAPERR"},
    CodeName{SEGV_ACCERR, "SEGV_ACCERR"},
    CodeName{SEGV_BNDERR, "SEGV_BNDERR"},
    CodeName{SEGV_PKUERR, "SEGV_PKUERR"},
};
constexpr std::array bus_codes = {
    CodeName{BUS_ADRALN, "BUS_ADRALN"},       CodeName{BUS_ADRERR, "BUS_ADRERR"},
    CodeName{BUS_OBJERR, "BUS_OBJERR"},       CodeName{BUS_MCEERR_AR, "BUS_MCEERR_AR"},
    CodeName{BUS_MCEERR_AO, "BUS_MCEERR_AO"},
};
constexpr std::array trap_codes = {
    CodeName{TRAP_BRKPT, "TRAP_BRKPT"},   CodeName{TRAP_TRACE, "TRAP_TRACE"}, CodeName{TRAP_BRANCH, "TRAP_BRANCH"},
    CodeName{TRAP_HWBKPT, "TRAP_HWBKPT"}, CodeName{TRAP_UNK, "TRAP_UNK"},
};
constexpr std::array child_codes = {
    CodeName{CLD_EXITED, "CLD_EXITED"},   CodeName{CLD_KILLED, "CLD_KILLED"},
    CodeName{CLD_DUMPED, "CLD_DUMPED"},   CodeName{CLD_TRAPPED, "CLD_TRAPPED"},
    CodeName{CLD_STOPPED, "CLD_STOPPED"}, CodeName{CLD_CONTINUED, "CLD_CONTINUED"},
};
constexpr std::array poll_codes = {
    CodeName{POLL_IN, "POLL_IN"},   CodeName{POLL_OUT, "POLL_OUT"}, CodeName{POLL_MSG, "POLL_MSG"},
    CodeName{POLL_ERR, "POLL_ERR"}, CodeName{POLL_PRI, "POLL_PRI"}, CodeName{POLL_HUP, "POLL_HUP"},
};
/// SYS_SECCOMP and SYS_USER_DISPATCH of asm-generic/siginfo.h, which libc's headers leave out.
constexpr std::array sys_codes = {CodeName{1, "SYS_SECCOMP"}, CodeName{2, "SYS_USER_DISPATCH"}};

std::span<const CodeName> codes_of(int signal) noexcept {
    switch (signal) {
    case SIGILL:
        return ill_codes;
    case SIGFPE:
        return fpe_codes;
    case SIGSEGV:
        return segv_codes;
    case SIGBUS:
        return bus_codes;
    case SIGTRAP:
        return trap_codes;
    case SIGCHLD:
        return child_codes;
    case SIGIO:
        return poll_codes;
    case SIGSYS:
        return sys_codes;
    default:
        return {};
    }
}

std::string_view find_name(std::span<const CodeName> names, int code) noexcept {
    for (const CodeName& entry : names) {
        if (entry.code == code) {
            return entry.name;
        }
    }
    return {};
}

/// Whether this code's layout has si_value: those that a sender or a timer queues, and a signal from BPF.
bool has_value(int code) noexcept {
    switch (code) {
    case SI_QUEUE:
    case SI_TIMER:
    case SI_MESGQ:
    case SI_ASYNCIO:
    case SI_KERNEL:
        return true;
    default:
        // A code of a program's own is laid out like SI_QUEUE.
        return code < SI_ASYNCNL || (code < 0 && find_name(common_codes, code).empty());
    }
}

/// Whether si_pid and si_uid are a process's: not where a timer's id, a fault's address or a band lies in their place.
bool has_sender(int signal, int code) noexcept {
    if (code > 0 && code != SI_KERNEL) {
        return signal == SIGCHLD;
    }
    return code != SI_KERNEL && code != SI_TIMER && code != SI_SIGIO;
}

} // namespace

int ReceivedSignal::value_as_int() const noexcept {
    return info.si_value.sival_int;
}

std::string ReceivedSignal::code_name() const {
    std::string_view found = find_name(common_codes, code);
    if (found.empty()) {
        found = find_name(codes_of(signal.number()), code);
    }
    return found.empty() ? std::to_string(code) : std::string(found);
}

ReceivedSignal ReceivedSignal::decode(const siginfo_t& info) {
    ReceivedSignal received{.signal = Signal(info.si_signo), .code = info.si_code, .info = info};
    received.from_kernel = info.si_code > 0;
    // Who sends to others cannot use these: pidfd_send_signal and rt_sigqueueinfo refuse them.
    received.sender_trusted = info.si_code >= 0 || info.si_code == SI_TKILL;
    if (has_sender(info.si_signo, info.si_code)) {
        received.sender_pid = info.si_pid;
        received.sender_uid = info.si_uid;
    }
    if (has_value(info.si_code)) {
        std::memcpy(&received.value, &info.si_value, sizeof received.value);
    }
    return received;
}

} // namespace sig2pid
