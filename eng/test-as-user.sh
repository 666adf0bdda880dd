#!/usr/bin/env bash
# Runs built test assemblies as an ordinary user: on a copy of the tree that belongs to a user id which nobody has, with no
# group, no home and no capability. Usage: eng/test-as-user.sh PROJECT... [--filter ...]: names of projects in tests/.
set -euo pipefail
cd "$(dirname "$0")/.."
arguments=()
for argument; do
    [ -d "tests/$argument" ] && arguments+=("tests/$argument/bin/Debug/net10.0/$argument.dll") || arguments+=("$argument")
done
user=20000
while getent passwd "$user" >/dev/null; do user=$((user + 1)); done
copy=$(mktemp -d /tmp/nsfixture-user-XXXXXX)
trap 'rm -rf "$copy"' EXIT
tar -c --exclude=.git --exclude=obj . | tar -x -C "$copy"
chown -R "$user:$user" "$copy"
cd "$copy"
setpriv --reuid="$user" --regid="$user" --clear-groups --no-new-privs \
    env -u NSFIXTURE_USER_MAPPING HOME="$copy" DOTNET_CLI_HOME="$copy" DOTNET_NOLOGO=1 dotnet test "${arguments[@]}"
