# SPDX-License-Identifier: BSD-2-Clause
# Turns the log of a guest of scripts/vm into a JUnit file, for junit.awk to count. A test is what lies between
# "@begin NAME" and "@end NAME STATUS"; status 77 is a skip, for the reason in its last line. The guest itself is the
# last test: it passes if it came to "@done", ended with the code it was to end with, and its kernel had no complaint.

function escape(text) {
    gsub(/&/, "\\&amp;", text)
    gsub(/</, "\\&lt;", text)
    gsub(/>/, "\\&gt;", text)
    gsub(/"/, "\\&quot;", text)
    gsub(/[\001-\010\013-\037]/, "", text)
    return text
}

function testcase(name, status, said) {
    printf "<testcase name=\"%s\" classname=\"vm\" status=\"%s\">\n", escape(name), status
    if (status == "notrun")
        print "<skipped message=\"\"/>"
    printf "<system-out>%s</system-out>\n</testcase>\n", escape(said)
}

BEGIN { print "<testsuite name=\"vm\">" }

/^@begin / {
    name = $2
    said = ""
    next
}
/^@end / {
    testcase(name, $3 == 0 ? "run" : $3 == 77 ? "notrun" : "fail", said)
    name = ""
    next
}
/^@done$/ { done = 1; next }
/BUG: |WARNING: |INFO: possible |INFO: task .* blocked|Kernel panic|Oops: |general protection fault|KASAN: |rcu: INFO/ { complaint = complaint $0 "\n" }
name != "" { said = said $0 "\n" }
{ all[++lines] = $0 }

END {
    if (name != "")
        testcase(name, "fail", said "the machine ended during this test\n")
    good_end = done && code == good
    tail = ""
    for (i = lines > 60 ? lines - 60 : 1; i <= lines; i++)
        tail = tail all[i] "\n"
    if (good_end && complaint == "")
        testcase("linux-" kernel, "run", "")
    else
        testcase("linux-" kernel, "fail", "exit code " code " for " good ", marker " (done ? "seen" : "missing") "\n" complaint tail)
    print "</testsuite>"
}
