#!/usr/bin/env bash
# Shows what NsFixture does: runs examples/Quickstart and examples/FailingTest, says what each test showed, and checks that
# all of it happened as promised and that nothing is left behind. Exit code 0: yes; 1: no, and it says what did not.
set -uo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_UI_LANGUAGE=en DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
configuration=Release
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
broken=0

promise() { # promise TEXT COMMAND…: runs the command, which is to succeed
    local text=$1
    shift
    if "$@" >/dev/null 2>&1; then printf '  ok      %s\n' "$text"; else printf '  BROKEN  %s\n' "$text"; broken=1; fi
}

# What isolated tests must leave as it was.
machine() { hostname; cksum /etc/hosts /etc/hostname /etc/resolv.conf 2>/dev/null; ls -A /etc; grep -c . /proc/self/mountinfo; cat /proc/net/dev | awk '{ print $1 }'; }

# The processes of NsFixture that belong to this directory.
processes() { pgrep -f "exec .*$PWD/examples/.*NsFixture.dll"; }
gone() { for _ in $(seq 20); do processes || return 0; sleep 0.1; done; return 1; }

# Prints a test run by class, one line a test, with what the test printed; rows of a long theory become one line.
tour() {
    awk '
        /^  (Passed|Failed|Skipped) / {
            verdict = $1; time = ""
            if (match($0, / \[[^]]*\]$/)) { time = substr($0, RSTART + 2, RLENGTH - 3); $0 = substr($0, 1, RSTART - 1) }
            name = $0; sub(/^  [A-Z][a-z]+ /, "", name)
            sub(/^[^.]*\./, "", name)
            class = name; sub(/\..*/, "", class); sub(/^[^.]*\./, "", name); gsub(/_/, " ", name)
            row = ""; if (match(name, /\(.*/)) { row = substr(name, RSTART); name = substr(name, 1, RSTART - 1) }
            key = class SUBSEP name
            if (!(class in classes)) { classes[class] = 1; order[++count] = class }
            if (!(key in rows)) { tests[class] = tests[class] key "\n" }
            rows[key]++; verdicts[key, verdict]++; times[key] = time; printing = 0
            next
        }
        /^  Standard Output Messages:/ { printing = 1; next }
        /^  (Error Message|Stack Trace):/ { printing = 0 }
        /^$/ { printing = 0 }
        printing { said[key] = said[key] "            " substr($0, 2) "\n" }
        END {
            for (i = 1; i <= count; i++) {
                class = order[i]; title = class; sub(/Tests$/, "", title); gsub(/[A-Z]/, " &", title)
                print "\n " title
                n = split(tests[class], keys, "\n")
                for (j = 1; j < n; j++) {
                    key = keys[j]; split(key, parts, SUBSEP)
                    bad = rows[key] - verdicts[key, "Passed"]
                    printf "  %s  %s", bad ? "FAILED" : "passed", parts[2]
                    if (rows[key] > 1) printf " (%d of %d)", verdicts[key, "Passed"], rows[key]
                    print "  [" times[key] "]"
                    printf "%s", said[key]
                }
            }
        }' "$1"
}

# What is printed of a failed test: failure NAME FILE
failure() { awk -v name="$1" '/^  (Passed|Failed) / { on = index($0, name); next } /^(\[xUnit|Total tests|Test Run)/ { next } /^ +(Failed: |Total time)/ { next } on && NF' "$2"; }
# … but for its own name and line, which differ between the two.
common() { sed -E "s/$1/TEST/; s/FailingTests.cs:line (7|10)\$/FailingTests.cs:line N/"; }

echo "Building (Release) …"
for project in Quickstart FailingTest; do
    dotnet build "examples/$project" -c $configuration -v q -nologo -clp:ErrorsOnly -nodeReuse:false -p:UseSharedCompilation=false >"$out/build" 2>&1 ||
        { cat "$out/build"; echo "The build failed."; exit 1; }
done

quickstart=examples/Quickstart/bin/$configuration/net10.0
machine >"$out/before"
rm -rf "$quickstart/nsfixture-attachments"
start=$(date +%s%N)
dotnet test "$quickstart/Quickstart.dll" --logger "console;verbosity=detailed" >"$out/tour" 2>&1
tour_code=$?
elapsed=$((($(date +%s%N) - start) / 1000000))
passed=$(grep -c '^  Passed ' "$out/tour")
isolated=$((passed - 2)) # MachineUntouchedTests has two plain ones

echo
echo "1. The tour: examples/Quickstart, run by $(id -un) with 'dotnet test', $passed tests in $elapsed ms"
if [ $tour_code -ne 0 ]; then grep -v '^\[xUnit' "$out/tour"; fi
tour "$out/tour"

dotnet test "examples/FailingTest/bin/$configuration/net10.0/FailingTest.dll" --logger "console;verbosity=detailed" >"$out/failing" 2>&1
failing_code=$?
failure A_plain_test_fails "$out/failing" | common A_plain_test_fails >"$out/plain"
failure An_isolated_test_fails "$out/failing" | common An_isolated_test_fails >"$out/isolated"
echo
echo "2. A failure: examples/FailingTest makes the same mistake plain and isolated. This is the isolated one:"
failure An_isolated_test_fails "$out/failing" | sed 's/^/      /'
machine >"$out/after"

echo
echo "3. What was promised"
promise "all tests of the tour passed, $isolated of them isolated" test $tour_code -eq 0 -a "$isolated" -ge 60
promise "fifty of them held port 5432 at the same moment" test "$(grep -c '^  Passed .*Fifty_tests_hold_port_5432' "$out/tour")" -eq 50
promise "no test was run without isolation" sh -c "! grep -q 'NOT ISOLATED' '$out/tour' '$out/failing'"
promise "the file that a test attached was kept: $(cd "$quickstart" && find nsfixture-attachments -name report.txt)" grep -q 'written on host test' "$quickstart"/nsfixture-attachments/*/report.txt
promise "the failing run says so with its exit code" test $failing_code -eq 1 -a "$(grep -c '^  Failed ' "$out/failing")" -eq 2
promise "the isolated failure reads like the plain one, stack trace included" cmp "$out/plain" "$out/isolated"
promise "(and both name the values and the line)" grep -q 'FailingTests.cs:line 15' "$out/isolated"
promise "the machine's /etc, host name, mounts and network devices are as before" cmp "$out/before" "$out/after"
promise "no process of NsFixture is left" gone
echo
if [ $broken -eq 0 ]; then echo "Everything happened as promised."; else echo "Something did not happen as promised: see BROKEN above."; fi
exit $broken
