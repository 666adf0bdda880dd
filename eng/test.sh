#!/usr/bin/env bash
# Builds everything with warnings as errors and runs every test; as root, what touches the kernel once more as an ordinary user.
set -euo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_UI_LANGUAGE=en DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
if ! command -v cc >/dev/null; then
    echo "installing gcc and the C library's headers, to check kernel constants against"
    apt-get update -q && apt-get install -y -q gcc libc6-dev linux-libc-dev
fi
if [ "$(id -u)" = 0 ] && ! command -v podman >/dev/null; then
    echo "installing podman, to attach its containers to networks"
    apt-get update -q && apt-get install -y -q --no-install-recommends podman crun
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# "N passed, N failed, N skipped" of all test assemblies so far.
total() {
    awk 'match($0, /Failed: *[0-9]+, Passed: *[0-9]+, Skipped: *[0-9]+/) { split(substr($0, RSTART, RLENGTH), n, /[^0-9]+/); f += n[2]; p += n[3]; s += n[4] }
         END { print p+0 " passed, " f+0 " failed, " s+0 " skipped" }' "$log"
}

dotnet build NsFixture.sln -v q -nologo
status=0
echo "As $(id -un):"
dotnet test --no-build NsFixture.sln -nologo 2>&1 | tee "$log" || status=1
if [ "$(id -u)" = 0 ]; then
    echo "As an ordinary user:"
    kernel=()
    for project in NsFixture.Tests NsFixture.Isolated.Tests NsFixture.Xunit.Tests NsFixture.Teardown.Tests; do
        kernel+=("tests/$project/bin/Debug/net10.0/$project.dll")
    done
    eng/test-as-user.sh "${kernel[@]}" 2>&1 | tee -a "$log" || status=1
fi
total
exit $status
