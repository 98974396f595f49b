// SPDX-License-Identifier: BSD-2-Clause
#include <sig2pid/signal_status.hpp>

#include "lib/proc.hpp"

#include <fcntl.h>

namespace sig2pid {
namespace {

Result<SignalStatus> parse_signals(const std::string& text) {
    Result<proc::Status> status = proc::parse_status(text);
    if (!status) {
        return forward_error(status);
    }
    return status->signals;
}

} // namespace

Result<StatusReader> StatusReader::open(const Process& process) {
    Result<UniqueFd> fd = proc::open_file(process, "status", O_RDONLY);
    if (!fd) {
        return forward_error(fd);
    }
    return StatusReader(std::move(*fd));
}

Result<SignalStatus> StatusReader::read() const {
    Result<std::string> text = proc::read_whole(fd_.get());
    if (!text) {
        return forward_error(text);
    }
    return parse_signals(*text);
}

Result<SignalStatus> signal_status(const Process& process) {
    Result<StatusReader> reader = StatusReader::open(process);
    if (!reader) {
        return forward_error(reader);
    }
    return reader->read();
}

} // namespace sig2pid
