/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ends a process from C: SIGTERM, and SIGKILL when it has not exited after so many milliseconds.
 * usage: terminate TARGET MILLISECONDS
 */
#include <sig2pid/sig2pid.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static int fail(void) {
    fprintf(stderr, "terminate: %s\n", sig2pid_message());
    return 1;
}

static int report(const char* token, const struct sig2pid_exit* how) {
    if (how->signal > 0)
        printf("%s was killed by signal %d\n", token, how->signal);
    else if (how->code >= 0)
        printf("%s exited with %d\n", token, how->code);
    else
        printf("%s has ended\n", token);
    return 0;
}

static int terminate(const sig2pid_process* process, int64_t patience_ns) {
    struct sig2pid_exit how;
    char token[64];
    int ended;

    if (sig2pid_token(process, token, sizeof(token)) < 0 || sig2pid_send(process, SIGTERM) < 0)
        return fail();
    ended = sig2pid_wait(process, patience_ns, -1, &how);
    if (ended == 0) {
        if (sig2pid_send(process, SIGKILL) < 0)
            return fail();
        ended = sig2pid_wait(process, -1, -1, &how);
    }
    return ended < 0 ? fail() : report(token, &how);
}

int main(int argc, char** argv) {
    sig2pid_process* process = NULL;
    int status;

    if (argc != 3) {
        fprintf(stderr, "usage: terminate TARGET MILLISECONDS\n");
        return 2;
    }
    if (sig2pid_open_target(argv[1], &process) < 0)
        return fail();
    status = terminate(process, strtoll(argv[2], NULL, 10) * 1000000);
    sig2pid_close(process);
    return status;
}
