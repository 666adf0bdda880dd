#!/usr/bin/env bash
# Isolated tests in a container: usage: containers.sh docker|podman [--privileged]. Without --privileged the container keeps its restricted
# capabilities, and only what stands against user namespaces is lifted: the filter of system calls, and the covers over parts of /proc.
set -euo pipefail
case "$1 ${2:-}" in
    *--privileged) options=(--privileged) ;;
    podman*) options=(--security-opt seccomp=unconfined --security-opt unmask=ALL) ;;
    *) options=(--security-opt seccomp=unconfined --security-opt systempaths=unconfined) ;;
esac
exec "$1" run --rm "${options[@]}" --volume "$PWD:/src" --workdir /src --env NSFIXTURE_REQUIRE=1 mcr.microsoft.com/dotnet/sdk:10.0 dotnet test
