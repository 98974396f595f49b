// SPDX-License-Identifier: BSD-2-Clause
#pragma once

namespace sig2pid::cli {

// One function a command, in the file of its name. argv[0] is the command's name. Each returns an ExitCode.
int send_command(int argc, char** argv);
int find_command(int argc, char** argv);
int stop_command(int argc, char** argv);
int wait_command(int argc, char** argv);
int recv_command(int argc, char** argv);
int on_command(int argc, char** argv);
int events_command(int argc, char** argv);
int doctor_command(int argc, char** argv);
int signals_command(int argc, char** argv);

} // namespace sig2pid::cli
