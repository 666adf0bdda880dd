#!/usr/bin/env bash
# Builds everything with warnings as errors and runs every test.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v cc >/dev/null || { echo "installing gcc and headers, to check kernel constants"; apt-get update -q && apt-get install -y -q gcc libc6-dev; }
dotnet build NsFixture.sln -v q -nologo
dotnet test --no-build NsFixture.sln -nologo | tee /tmp/nsfixture-test-$$.log
awk 'match($0, /Failed: *[0-9]+, Passed: *[0-9]+/) { split(substr($0, RSTART, RLENGTH), n, /[^0-9]+/); f += n[2]; p += n[3] } END { print p+0 " passed, " f+0 " failed" }' /tmp/nsfixture-test-$$.log
rm -f /tmp/nsfixture-test-$$.log
