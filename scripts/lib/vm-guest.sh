# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2154
# The machine of scripts/vm: what is in it, how it starts, what its log says. Sourced after common.sh and vm-kernel.sh;
# reads tests.

guest_memory=512   # MiB
guest_patience=900 # seconds for all tests; a machine that takes longer hangs

# The name of each program as the guest sees it is its name here: tests know each other by their paths.
add_programs() {
    local names programs program
    mapfile -t names < <(cut -d ' ' -f 3 tests/vm/list; printf '%s\n' sig2pid signal_to_status vm_exit)
    mapfile -t programs < <(find build/dev/src build/dev/tests -type f -perm -u+x | grep -E "/($(IFS='|'; echo "${names[*]}"))$")
    for program in "${programs[@]}"; do
        mkdir -p "$1$root/${program%/*}"
        strip -o "$1$root/$program" "$program"
        ln -s "$root/$program" "$1/bin/"
    done
}

# sh, sleep and true of the host with their libraries: busybox would look for itself under the names that tests give them.
add_host_program() {
    local file
    cp -L "$2" "$1$2"
    ldd "$2" | grep -oE '/[^ ]+' | while read -r file; do
        mkdir -p "$1${file%/*}"
        cp -L "$file" "$1$file"
    done
}

add_modules() {
    mkdir -p "$1/modules"
    strip --strip-debug -o "$1/modules/sig2pid.ko" "$root/build/vm/kmod-$2/sig2pid.ko"
    for module in "$root/build/vm/kmod-$2"/samples/*.ko; do
        strip --strip-debug -o "$1/modules/${module##*/}" "$module"
    done
}

# The lines of tests/vm/list that were asked for, each with the filter of its tests.
selected_tests() {
    local wanted name rest
    while read -r name rest; do
        [ ${#tests[@]} -gt 0 ] || say "$name * $rest"
        for wanted in "${tests[@]}"; do
            case $wanted in
                "$name") say "$name * $rest" ;;
                "$name":*) say "$name ${wanted#*:} $rest" ;;
            esac
        done
    done <tests/vm/list
}

pack() {
    local place applet
    place=$(mktemp -d)
    mkdir -p "$place"/{bin,sbin,proc,sys,dev,tmp,etc,root,usr/bin,vm}
    chmod 755 "$place"
    chmod 1777 "$place/tmp"
    cp -L "$(command -v busybox)" "$place/bin/busybox"
    for applet in $(busybox --list); do [ "$applet" = busybox ] || ln -s busybox "$place/bin/$applet"; done
    rm -f "$place"/bin/{sh,sleep,true}
    add_host_program "$place" /bin/sh
    add_host_program "$place" /bin/sleep
    add_host_program "$place" /bin/true
    printf 'root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n' >"$place/etc/passwd"
    add_programs "$place"
    add_modules "$place" "$1"
    find tests/vm -name '*.sh' -exec cp {} "$place/vm/" +
    cp tests/vm/init "$place/init"
    selected_tests >"$place/vm/list"
    if [ "$shell" = yes ]; then : >"$place/vm/shell"; fi
    (cd "$place" && find . | cpio -o -H newc --quiet -R 0:0 | gzip -1) >"build/vm/initramfs-$1.gz"
    rm -rf "$place"
}

# Sets machine to the command. Always software emulation: in a virtual machine /dev/kvm may open and still not work.
# A kernel that cannot start its init is to panic, not to look for another one. One thread for both processors: while one
# changes its code (a tracepoint is switched on), another thread of QEMU 7.2 may go on with what it has just translated,
# and then takes the same breakpoint for ever. What keeps processes from each other's secrets is off, and page tables have
# four levels: emulated, they take a fifth of the time.
# shellcheck disable=SC2054 # the commas are qemu's
set_machine() {
    machine=(qemu-system-x86_64 -accel tcg,thread=single -cpu max,la57=off -smp 2 -m "$guest_memory" -nodefaults
        -no-user-config -nographic -no-reboot -device isa-debug-exit,iobase=0xf4,iosize=4 -kernel "build/vm/kernel-$1"
        -initrd "build/vm/initramfs-$1.gz"
        -append "console=ttyS0 quiet panic=-1 oops=panic rcupdate.rcu_expedited=1 mitigations=off rdinit=/init init=/init")
}

boot_shell() {
    set_machine "$1"
    "${machine[@]}" -serial mon:stdio || true
}

# The guest ends with a marker and then with a code of its own: a panic, which reboots, gives neither, and qemu's 0.
guest_code=33

boot_tests() {
    local log=$logs/vm-$1.log junit=$logs/vm-$1.xml status=0
    set_machine "$1"
    setpriv --pdeathsig TERM timeout -k 5 "$guest_patience" "${machine[@]}" -serial stdio </dev/null 2>&1 |
        sed -u 's/\r//g' >"$log" || status=$?
    awk -v kernel="$1" -v code="$status" -v good="$guest_code" -f scripts/lib/vm-junit.awk "$log" >"$junit"
    rm -f "$logs/failures-vm-$1"
    awk -v failures="$logs/failures-vm-$1" -f scripts/lib/junit.awk "$junit" >"$logs/vm-$1.tsv"
    report "$1"
}

# What failed is shown with what it said; of skipped ones, the reason.
report() {
    local results=$logs/vm-$1.tsv
    cat "$logs/failures-vm-$1" 2>/dev/null || true
    awk -F '\t' -v kernel="$1" '$1 != "passed" { print kernel ": " $1 ": " $2 ($3 == "" ? "" : ": " $3) }
        { count[$1]++ }
        END { printf "%s: %d passed, %d failed, %d skipped\n", kernel, count["passed"], count["failed"], count["skipped"] }' "$results"
    ! grep -q '^failed' "$results"
}
