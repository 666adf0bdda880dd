#!/usr/bin/env bash
# Builds everything with warnings as errors and runs the tests, in less than 20 minutes on two cores: as root, the launchers are shared out, every test by fork as root
# and the sandboxes, hosts and root trees by fork and by exec, and a part of xUnit.net's conformance suite, as an ordinary user. 'eng/test.sh all' takes longer and leaves
# nothing out: both launchers for both users, xUnit.net's whole conformance suite as an ordinary user, every adapter's where each test starts a runtime of its own and a part of theirs as an ordinary user, and every framework's coverage.
set -euo pipefail
cd "$(dirname "$0")/.."
all=${1:-}
[ "$all" != all ] || export CONFORMANCE_ALL=1
export DOTNET_CLI_UI_LANGUAGE=en DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
if ! command -v cc >/dev/null; then
    echo "installing gcc and the C library's headers, to check kernel constants against"
    apt-get update -q && apt-get install -y -q gcc libc6-dev linux-libc-dev
fi
if [ "$(id -u)" = 0 ] && ! command -v newuidmap >/dev/null; then
    echo "installing uidmap, for ordinary users' subordinate ids"
    apt-get update -q && apt-get install -y -q --no-install-recommends uidmap
fi
if [ "$(id -u)" = 0 ] && ! { command -v lsns && command -v ip && command -v ping; } >/dev/null; then
    echo "installing util-linux, iproute2 and iputils-ping, to compare with lsns, unshare, ip and ping"
    apt-get update -q && apt-get install -y -q --no-install-recommends util-linux iproute2 iputils-ping
fi
if [ "$(id -u)" = 0 ] && ! command -v tmux >/dev/null; then
    echo "installing tmux, to use the tool nsfixture in a terminal"
    apt-get update -q && apt-get install -y -q --no-install-recommends tmux
fi
if [ "$(id -u)" = 0 ] && ! { command -v podman && command -v docker; } >/dev/null; then
    echo "installing podman and docker.io, to attach their containers to networks, and to run in them"
    apt-get update -q && RUNLEVEL=1 apt-get install -y -q --no-install-recommends podman crun docker.io
fi
# Programs that tests run on hosts: package and a file of each. RUNLEVEL=1 keeps apt from starting the services they bring (invoke-rc.d(8)).
missing=()
for needed in bind9-dnsutils=/usr/bin/dig redis-server=/usr/bin/redis-server nginx-light=/usr/sbin/nginx postgresql=/usr/lib/postgresql; do
    [ -e "${needed#*=}" ] || missing+=("${needed%%=*}")
done
if [ ${#missing[@]} -gt 0 ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing ${missing[*]}, which tests run on hosts"
    apt-get update -q && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
elif [ ${#missing[@]} -gt 0 ]; then
    echo "not here: ${missing[*]}. The tests that run these on hosts will fail and say so; install them, as root."
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# "N passed, N failed, N skipped" of all test assemblies so far.
total() {
    awk 'match($0, /Failed: *[0-9]+, Passed: *[0-9]+, Skipped: *[0-9]+/) { split(substr($0, RSTART, RLENGTH), n, /[^0-9]+/); f += n[2]; p += n[3]; s += n[4] }
         END { print p+0 " passed, " f+0 " failed, " s+0 " skipped" }' "$log"
}

DOTNET_TieredPGO=0 dotnet build NsFixture.sln -v q -nologo # the compiler ends before that pays
status=0
echo "As $(id -un):"
root=() user=() conformance='DisplayName~single user mapping'
if [ "$all" != all ] && [ "$(id -u)" = 0 ]; then
    root=(--filter 'FullyQualifiedName!~.Executed')
    user=(--filter "FullyQualifiedName~.Executed|FullyQualifiedName~.Forked|FullyQualifiedName~.Namespaces.|FullyQualifiedName~TeardownTests|FullyQualifiedName~.Cli.Tests.RunTests|$conformance")
fi
dotnet test --no-build NsFixture.sln -nologo "${root[@]}" 2>&1 | tee "$log" || status=1
if [ "$(id -u)" = 0 ]; then
    echo "As an ordinary user:"
    suites=(NsFixture.Isolated.Tests NsFixture.Namespaces.Tests NsFixture.Teardown.Tests NsFixture.Xunit.Tests NsFixture.Cli.Tests)
    if [ "$all" = all ]; then
        suites+=(NsFixture.Tests)
        eng/test-as-user.sh NsFixture.Xunit.V3.Tests NsFixture.NUnit.Tests NsFixture.MSTest.Tests --filter "$conformance" 2>&1 | tee -a "$log" || status=1
    fi
    eng/test-as-user.sh "${suites[@]}" "${user[@]}" -- RunConfiguration.MaxCpuCount=2 2>&1 | tee -a "$log" || status=1
    kinds=(subordinate)
    [ "$all" != all ] || kinds+=(refused)
    for kind in "${kinds[@]}"; do
        echo "As an ordinary user with subordinate ids, $kind:"
        eng/test-as-user.sh "--$kind" NsFixture.Isolated.Tests --filter 'FullyQualifiedName~.ForkedUsersTests|FullyQualifiedName~.OwnersTests|FullyQualifiedName~.PostgreSqlImageTests' 2>&1 | tee -a "$log" || status=1
    done
fi
total
exit $status
