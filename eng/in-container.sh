#!/usr/bin/env bash
# Runs a built test assembly in a container of podman's, made of this machine's own files, and prints the totals. Usage:
# eng/in-container.sh privileged|advised|default [PROJECT [--filter ...]], by default NsFixture.Isolated.Tests. privileged: podman run --privileged; advised: with the options that the doctor
# names; default: with none, where every isolated test is to be skipped, for the reason that the doctor gives. Takes root, podman, and a Debug build. The engine is the script's own, with
# its images and containers in a temporary directory and in a mount and network namespace; the machine's is not touched.
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1:-privileged} project=${2:-NsFixture.Isolated.Tests}
shift $(($# < 2 ? $# : 2))
case $kind in
    privileged) options=(--privileged) ;;
    advised) options=(--security-opt seccomp=unconfined --security-opt unmask=ALL) ;;
    default) options=() ;;
    *) echo "Usage: eng/in-container.sh privileged|advised|default [PROJECT [--filter ...]]" >&2; exit 2 ;;
esac
# An engine of its own takes a privileged container.
[ $# -gt 0 ] || [ "$kind" = privileged ] || set -- --filter 'FullyQualifiedName!~ContainerTests&FullyQualifiedName!~ContainedTests&FullyQualifiedName!~PostgreSqlImageTests'
[ -n "${IN_CONTAINER_NAMESPACES:-}" ] || exec env IN_CONTAINER_NAMESPACES=1 unshare --mount --net "$0" "$kind" "$project" "$@"
mount --make-rprivate /
umount /sys/fs/cgroup/unified 2>/dev/null || true # podman takes it for a mixture that it cannot use
own=$(mktemp -d /var/tmp/nsfixture-container-XXXXXX)
trap 'podman_ rm --all --force --time 0 >/dev/null 2>&1 || true; rm -rf "$own"' EXIT
podman_() { podman --root "$own/root" --runroot "$own/run" --storage-driver vfs "$@"; }
cat >"$own/containers.conf" <<CONF
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
pids_limit = 0
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
CONF
export CONTAINERS_CONF=$own/containers.conf

# The image: the machine's settings, and links and directories to mount the rest on.
dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")")
volumes=(--volume /usr:/usr:ro) also=()
# What packs and restores needs a repository and packages, and is not to look for more of them where there is no network.
if [ "$project" = NsFixture.EndToEnd.Tests ]; then
    also=(.git tests/NsFixture.Isolated.Tests)
    volumes+=(--volume "${NUGET_PACKAGES:-$HOME/.nuget/packages}:/root/.nuget/packages:ro" --env NuGetAudit=false)
fi
case $dotnet in /usr/*) ;; *) volumes+=(--volume "$dotnet:$dotnet:ro") ;; esac
mkdir -p "$own"/files/{usr,proc,sys,dev,run,root,var/lib,var/log,var/tmp,home,opt,mnt,srv} "$own/files$dotnet" "$own/files$PWD"
mkdir -m 1777 "$own/files/tmp"
for link in bin sbin lib lib64; do [ -L "/$link" ] && cp -P "/$link" "$own/files/"; done
cp -a /etc "$own/files/etc"
tar -C "$own/files" -c . | podman_ import --quiet - tests >/dev/null
rm -rf "$own/files"

# The tests, on a copy: a container's root may not write to what is another's.
mkdir "$own/tree"
tar -c --exclude=obj --exclude=Release "tests/$project" "${also[@]}" tests/testdata docs src eng examples README.md CHANGELOG.md Directory.*.props NsFixture.sln .editorconfig | tar -x -C "$own/tree"
status=0
# (podman's own warnings are about this engine.)
podman_ --log-level error run --rm --network none --cgroups disabled "${options[@]}" --env NSFIXTURE_REQUIRE="$([ "$kind" = default ] || echo 1)" --env DOTNET_NOLOGO=1 --env DOTNET_CLI_UI_LANGUAGE=en \
    --env HOME=/root --env "PATH=$PATH" "${volumes[@]}" --volume "$own/tree:$PWD" --workdir "$PWD" --shm-size 256m tests \
    "$dotnet/dotnet" test "tests/$project/bin/Debug/net10.0/$project.dll" --logger "console;verbosity=normal" "$@" >"$own/log" 2>&1 || status=$?
if [ "$kind" = default ]; then
    # Nothing has passed but what needs no sandbox, nothing has failed, and each skipped test says which restriction it is.
    grep -E 'This machine allows no isolated tests' "$own/log" | sort | uniq -c || { cat "$own/log"; echo "No test was skipped for want of sandboxes."; status=1; }
elif [ $status -ne 0 ]; then
    grep -vE '^ *(Passed|Skipped) ' "$own/log" || true
fi
tail -n 12 "$own/log"
exit $status
