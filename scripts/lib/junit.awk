# SPDX-License-Identifier: BSD-2-Clause
# Reads ctest's JUnit files. Prints one line a test: verdict, name, reason of a skip, separated by tabs.
# A GoogleTest program that ctest ran as one test counts as the tests inside it. What failing tests said goes to `failures`.

function unescape(text) {
    gsub(/&lt;/, "<", text)
    gsub(/&gt;/, ">", text)
    gsub(/&quot;/, "\"", text)
    gsub(/&apos;/, "'", text)
    gsub(/&amp;/, "\\&", text)
    return text
}

function attribute(line, name) {
    if (!match(line, " " name "=\"[^\"]*\""))
        return ""
    return unescape(substr(line, RSTART + length(name) + 3, RLENGTH - length(name) - 4))
}

function report(verdict, name, reason) {
    printf "%s\t%s\t%s\n", verdict, name, reason
    inside += 1
    if (verdict == "failed")
        inside_failed += 1
}

# One line of a test's own output.
function hear(line) {
    if (line ~ /^\[ RUN      \]/) {
        reason = ""
        listening = 0
    } else if (match(line, /^\[  (     OK|SKIPPED|FAILED ) \] .* \([0-9]+ ms\)/)) {
        gtest(line)
    } else if (line ~ /: Skipped$/) {
        listening = 1
    } else if (listening && line !~ /^[ \t]*$/) {
        reason = reason (reason == "" ? "" : " ") line
    }
    if (line !~ /^[ \t]*$/)
        last = line
    said = said line "\n"
}

function gtest(line, name) {
    listening = 0
    name = line
    sub(/^\[[^]]*\] /, "", name)
    sub(/,? *(where .*)? \([0-9]+ ms\).*/, "", name)
    if (line ~ /OK \]/)
        report("passed", name, "")
    else if (line ~ /SKIPPED \]/)
        report("skipped", name, reason == "" ? "no reason given" : reason)
    else
        report("failed", name, "")
}

function finish() {
    if (status == "fail" && !inside_failed)
        report("failed", test, "")
    else if (!inside && status == "run")
        report("passed", test, "")
    else if (!inside)
        report("skipped", test, last == "" ? why : last)
    if (status == "fail")
        printf "---- %s\n%s\n", test, said > failures
}

/<testcase / {
    test = attribute($0, "name")
    status = attribute($0, "status")
    inside = inside_failed = listening = output = 0
    reason = last = said = why = ""
}
/<skipped / { why = attribute($0, "message") }
/<system-out>/ {
    sub(/.*<system-out>/, "")
    output = 1
}
output {
    ends = /<\/system-out>/
    sub(/<\/system-out>.*/, "")
    hear(unescape($0))
    if (ends)
        output = 0
}
/<\/testcase>/ { finish() }
