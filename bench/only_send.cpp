// SPDX-License-Identifier: BSD-2-Clause
// usage: only_send PID SIGNAL MARKER: each getpgid(MARKER) sends SIGNAL to PID, until killed. PID is of the initial
// namespace. It judges nothing and counts nothing: it is there to be measured beside what does.
#include <cstdio>
#include <only_send.skel.h>
#include <string>
#include <unistd.h>

int main(int argc, char** argv) {
    only_send* program = argc == 4 ? only_send__open() : nullptr;
    if (program == nullptr) {
        return 2;
    }
    program->rodata->pid = std::stoi(argv[1]);
    program->rodata->sig = std::stoi(argv[2]);
    program->rodata->marker = std::stol(argv[3]);
    if (only_send__load(program) != 0 || only_send__attach(program) != 0) {
        std::puts("the kernel refused the program");
        return 3;
    }
    std::puts("ready");
    std::fflush(stdout);
    pause();
    return 0;
}
