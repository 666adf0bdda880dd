#!/usr/bin/env bash
# Publishes the tool for this machine into a directory (default: artifacts/nsfixture): 'nsfixture', a native program, and the tool proper beside it, compiled ahead. The .NET runtime has to be there.
set -euo pipefail
cd "$(dirname "$0")/.."
directory=${1:-artifacts/nsfixture}
work=$(mktemp -d) # what is built for one machine does not get into other builds' way
trap 'rm -rf "$work"' EXIT
runtime=linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')
for project in NsFixture.Cli NsFixture.Cli.Native; do
    dotnet publish "src/$project" -c Release -r "$runtime" --artifacts-path "$work" -o "$directory" -v q -nologo
done
mv "$directory/NsFixture.Cli.Native" "$directory/nsfixture"
rm -f "$directory"/*.pdb "$directory"/*.dbg "$directory"/*.xml
"$directory/nsfixture" run -- true
