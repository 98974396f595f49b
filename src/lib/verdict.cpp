// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/verdict.hpp>

namespace sig2pid {

std::string_view to_string(Verdict verdict) noexcept {
    switch (verdict) {
    case Verdict::delivered:
        return "delivered";
    case Verdict::coalesced:
        return "coalesced";
    case Verdict::ignored:
        return "ignored";
    case Verdict::unhandled:
        return "unhandled";
    case Verdict::overflow:
        return "overflow";
    case Verdict::gone:
        return "gone";
    case Verdict::denied:
        return "denied";
    case Verdict::zombie:
        return "zombie";
    case Verdict::limited:
        return "limited";
    }
    return "unknown";
}

} // namespace sig2pid
