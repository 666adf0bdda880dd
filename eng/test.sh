#!/usr/bin/env bash
# Builds everything with warnings as errors and runs every test.
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet build NsFixture.sln -v q -nologo
dotnet test --no-build NsFixture.sln -nologo | tee /tmp/nsfixture-test-$$.log
line=$(sed -n 's/.*Failed: *\([0-9]*\), Passed: *\([0-9]*\).*/\2 passed, \1 failed/p' /tmp/nsfixture-test-$$.log | tail -n 1)
rm -f /tmp/nsfixture-test-$$.log
echo "${line:-0 passed, 0 failed}"
