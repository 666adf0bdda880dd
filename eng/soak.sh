#!/usr/bin/env bash
# 32 networks in parallel with identical host names, addresses and ports, again and again; 10,000 isolated tests in one run, whose times are drawn into
# docs/soak.svg; 300 kills at random moments; the sandboxes' whole suite in containers of podman's, as root; and then a look at what is left on the machine.
# Usage: eng/soak.sh [ROUNDS [TESTS [KILLS [CONTAINERS]]]], by default 1000, 10000, 300 and 1; 0 leaves one out. Needs a Debug build of tests/NsFixture.Isolated.Tests and
# tests/NsFixture.Teardown.Tests.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-1000} tests=${2:-10000} kills=${3:-300} containers=${4:-1}
own=$(mktemp -d)
trap 'rm -rf "$own"' EXIT
export NSFIXTURE_SOAK_ROUNDS=$rounds NSFIXTURE_SOAK_MARK=$$-$RANDOM TMPDIR=$own/tmp DOTNET_NOLOGO=1
mkdir "$TMPDIR"

# What a run could leave: devices, mounts, control groups, System V objects, files of its name, processes.
machine() {
    awk 'NR > 2 { print "device " $1 }' /proc/net/dev
    awk '{ print "mount " $5 }' /proc/self/mountinfo
    find /sys/fs/cgroup -type d -iname '*nsfixture*' -printf 'cgroup %p\n' 2>/dev/null || true
    awk 'FNR > 1 { print FILENAME, $1, $2 }' /proc/sysvipc/*
    find /run /tmp /dev/shm -maxdepth 2 -iname '*nsfixture*' -not -path "$own*" -not -path '/tmp/nsfixture-user-*' -printf 'file %p\n' 2>/dev/null || true
    # 'dotnet test' itself leaves two empty directories of six letters.
    find "$TMPDIR" -mindepth 1 -maxdepth 1 -not \( -type d -empty -name '??????' \) -printf 'file %f\n' | grep -vE 'clr-debug-pipe|dotnet-diagnostic|\.dotnet|VSTestHost' || true
}
processes() { grep -lsz "^NSFIXTURE_SOAK_MARK=$NSFIXTURE_SOAK_MARK\$" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3 | grep -vx "$$" || true; }

machine | sort >"$own/before"
status=0
start=$SECONDS
if [ "$rounds" -gt 0 ]; then
    dotnet test --no-build tests/NsFixture.Isolated.Tests -nologo --filter "FullyQualifiedName~RuntimeStressTests" || status=1
    echo "$rounds rounds of 32 in $((SECONDS - start)) s"
fi
teardown() { dotnet test --no-build tests/NsFixture.Teardown.Tests -nologo --logger "console;verbosity=detailed" --filter "FullyQualifiedName~$1" || status=1; }
if [ "$tests" -gt 0 ]; then NSFIXTURE_SOAK_TESTS=$tests NSFIXTURE_SOAK_PLOT=$PWD/docs/soak.svg teardown SoakTests; fi
if [ "$kills" -gt 0 ]; then NSFIXTURE_CHAOS_KILLS=$kills teardown ChaosTests; fi
if [ "$containers" -gt 0 ] && [ "$(id -u)" = 0 ]; then
    for kind in privileged advised default; do
        echo "In a container, $kind:"
        eng/in-container.sh "$kind" || status=1
    done
fi
for _ in $(seq 50); do
    # This shell, and what it runs to ask, have the mark as well.
    left=$(for p in $(processes); do { tr '\0' ' ' <"/proc/$p/cmdline"; } 2>/dev/null | grep -v 'soak.sh\|^grep\|^cut' || true; done)
    [ -z "$left" ] && break
    sleep 0.1
done
machine | sort >"$own/after"
if ! diff "$own/before" "$own/after"; then echo "The run has left something on the machine."; status=1; fi
if [ -n "$left" ]; then echo "Processes are left: $left"; status=1; fi
[ $status -eq 0 ] && echo "Nothing is left on the machine."
exit $status
