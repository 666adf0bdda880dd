#!/usr/bin/env bash
# Runs the example project, whose tests run isolated, and shows their output.
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet test examples/Quickstart -nologo --logger "console;verbosity=detailed"
