#!/bin/sh
# Find the browser that the tests of the viewer drive, or install Debian's Chromium. Never fails: without a browser
# these tests are skipped.
for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null 2>&1; then
        echo "the viewer is tested with $(command -v "$name")"
        exit 0
    fi
done

if [ "$(id -u)" = 0 ]; then
    sudo=""
elif sudo -n true 2>/dev/null; then
    sudo="sudo -n"
else
    sudo=none
fi
if [ "$sudo" != none ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing chromium, for the tests of the viewer"
    log=$(mktemp)
    if { $sudo timeout 120 apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive timeout 300 apt-get install -y -qq \
        --no-install-recommends chromium; } >"$log" 2>&1; then
        rm -f "$log"
        exit 0
    fi
    tail -n 3 "$log"
    rm -f "$log"
fi
echo "no Chromium: the viewer's tests in a browser are skipped; apt-get install chromium, as root, brings it"
