#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# usage: junit.sh JUNIT_AWK
# The numbers that scripts/test prints are these: a wrong one would hide a failure.
set -eu
awk=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cat >"$dir/results.xml" <<'XML'
<testsuite name="example" tests="6">
	<testcase name="Plain.passes" classname="a" time="0.1" status="run">
		<system-out></system-out>
	</testcase>
	<testcase name="Plain.fails" classname="a" time="0.1" status="fail">
		<failure message=""/>
		<system-out>expected 1 &lt; 0</system-out>
	</testcase>
	<testcase name="Plain.skips" classname="a" time="0.1" status="notrun">
		<skipped message="SKIP_RETURN_CODE=77"/>
		<system-out>no &quot;BTF&quot; here
</system-out>
	</testcase>
	<testcase name="program" classname="a" time="0.1" status="fail">
		<failure message=""/>
		<system-out>[==========] Running 3 tests from 1 test suite.
[ RUN      ] Inner.passes
[       OK ] Inner.passes (0 ms)
[ RUN      ] Inner.skips
/src/x.cpp:7: Skipped
needs root

[  SKIPPED ] Inner.skips (0 ms)
[ RUN      ] Inner.fails
/src/x.cpp:9: Failure
[  FAILED  ] Inner.fails, where GetParam() = 4 (2 ms)
[  SKIPPED ] 1 test, listed below:
[  SKIPPED ] Inner.skips
[  FAILED  ] 1 test, listed below:
[  FAILED  ] Inner.fails
</system-out>
	</testcase>
	<testcase name="crashes" classname="a" time="0.1" status="fail">
		<failure message="SEGFAULT"/>
		<system-out>[ RUN      ] Inner.first
[       OK ] Inner.first (0 ms)
[ RUN      ] Inner.second
</system-out>
	</testcase>
</testsuite>
XML

printf '%s\t%s\t%s\n' \
    passed Plain.passes '' \
    failed Plain.fails '' \
    skipped Plain.skips 'no "BTF" here' \
    passed Inner.passes '' \
    skipped Inner.skips 'needs root' \
    failed Inner.fails '' \
    passed Inner.first '' \
    failed crashes '' >"$dir/expected"
awk -v failures="$dir/failures" -f "$awk" "$dir/results.xml" >"$dir/counted"
diff "$dir/expected" "$dir/counted"
grep -q 'expected 1 < 0' "$dir/failures"
