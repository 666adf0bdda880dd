#!/usr/bin/env bash
# Makes the images of the tool's screens in docs/screens: each command is typed in a terminal of tmux's, whose screen becomes HTML (aha), and that an image (chromium).
# Installs what is missing of these from Debian, as root. The tool has to be built: dotnet build src/NsFixture.Cli.
set -euo pipefail
cd "$(dirname "$0")/.."
missing=()
for program in tmux aha chromium; do
    command -v "$program" >/dev/null || missing+=("$program")
done
if [ ${#missing[@]} -gt 0 ]; then
    echo "installing ${missing[*]}, to make images of screens"
    apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" fonts-dejavu-core
fi
work=$(mktemp -d)
tmux=(env -u TMUX LC_ALL=C.UTF-8 TERM=xterm-256color tmux -S "$work/tmux" -f /dev/null)
trap '"${tmux[@]}" kill-server 2>/dev/null || true; rm -rf "$work"' EXIT
printf '#!/bin/sh\nexec dotnet "%s" "$@"\n' "$PWD/src/NsFixture.Cli/bin/Debug/net10.0/NsFixture.Cli.dll" >"$work/nsfixture"
chmod +x "$work/nsfixture"
cat >"$work/lab.yaml" <<'YAML'
networks:
  - { name: home, subnet: 192.168.1.0/24, conditions: { delay: 5, loss: 1 } }
  - { name: internet }
routers:
  - { name: gateway, on: [home, internet], nat: internet }
hosts:
  - { name: laptop, on: [home] }
  - { name: server, on: [ { network: internet, conditions: lte } ] }
YAML
mkdir -p docs/screens
"${tmux[@]}" new-session -d -x 120 -y 30 "cd '$work'; env PATH='$work':\"\$PATH\" PS1='\$ ' bash --norc"

# Types a line, waits for a text, and makes an image of so many lines of the screen: shoot NAME LINE TEXT LINES
shoot() {
    "${tmux[@]}" send-keys -l -- "$2"
    "${tmux[@]}" send-keys Enter
    for _ in $(seq 300); do
        "${tmux[@]}" capture-pane -p | grep -qF -- "$3" && break
        sleep 0.2
    done
    sleep 0.5
    "${tmux[@]}" capture-pane -e -p | head -n "$4" | aha --black --title "$1" |
        sed 's|<head>|<head><style>body{margin:12px}pre{font:14px/17px "DejaVu Sans Mono",monospace;margin:0}</style>|' >"$work/$1.html"
    timeout 60 chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size="1060,$(($4 * 17 + 24))" --screenshot="$PWD/docs/screens/$1.png" "file://$work/$1.html" 2>/dev/null
    [ -s "docs/screens/$1.png" ]
}

shoot up 'nsfixture up lab.yaml' 'nsfixture>' 14
id=$("${tmux[@]}" capture-pane -p | grep -o 'Sandbox [0-9]*' | cut -d' ' -f2)
"${tmux[@]}" new-window "cd '$work'; env PATH='$work':\"\$PATH\" PS1='\$ ' bash --norc"
shoot ls 'nsfixture ls' 'laptop' 8
"${tmux[@]}" send-keys C-l
shoot exec "nsfixture exec $id laptop -- ping -c 3 server" 'rtt' 10
"${tmux[@]}" send-keys C-l
shoot doctor 'nsfixture doctor' 'remedy' 27
