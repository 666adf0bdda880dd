#!/usr/bin/env bash
# Runs built test assemblies as an ordinary user: on a copy of the tree that belongs to a user id which nobody has, with no
# group, no home and no capability. Usage: eng/test-as-user.sh [--subordinate|--refused] PROJECT... [--filter ...]: names of projects in tests/.
# --subordinate: the user has subordinate ids. --refused: they may not be used, since privileged programs give it no privileges.
set -euo pipefail
cd "$(dirname "$0")/.."
users=
case ${1:-} in --subordinate | --refused) users=${1#--}; shift ;; esac
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
chmod 755 "$copy"
cd "$copy"
run=(env -u NSFIXTURE_USER_MAPPING HOME="$copy" DOTNET_CLI_HOME="$copy" DOTNET_NOLOGO=1)
become=(setpriv --reuid="$user" --regid="$user" --clear-groups)
if [ -z "$users" ]; then
    "${become[@]}" --no-new-privs "${run[@]}" dotnet test "${arguments[@]}"
    exit
fi
[ "$users" = subordinate ] || become+=(--no-new-privs)
# The machine's /etc stays as it is: these files are in its place in a mount namespace.
mkdir "$copy/etc"
{ cat /etc/passwd; echo "nsfixture-tester:x:$user:$user::$copy:/bin/sh"; } >"$copy/etc/passwd"
echo "nsfixture-tester:700000:65536" | tee "$copy/etc/subuid" >"$copy/etc/subgid"
export copy
unshare --mount --propagation private sh -c 'for file in passwd subuid subgid; do [ -e /etc/$file ] || : >/etc/$file; mount --bind "$copy/etc/$file" /etc/$file; done; exec "$@"' sh \
    "${become[@]}" "${run[@]}" TESTED_USERS="$users" dotnet test "${arguments[@]}"
