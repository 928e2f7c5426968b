#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what the tests of Runnel need beside the build: a second compiler, linters, and other people's MQTT clients and
# broker, and Chromium, on Debian 12 or a relative of it; MQTT.js, an OpenAPI validator, Playwright and axe come from the
# npm registry, into node_modules of test/interop and test/browser. Changes nothing if all of it is there.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/packages.sh"

policy=/usr/sbin/policy-rc.d

# Debian starts a service when its package is installed. The tests start the mosquitto broker themselves, on ports of
# their own, and port 1883 belongs to Runnel; of prometheus they need promtool alone. So the service is neither started
# now nor at the next boot.
install_without_service() {
  is_installed "$1" && return
  local ours=no
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
    ours=yes
    trap 'as_root rm -f "$policy"' EXIT
  fi
  install_packages "$1"
  if [ "$ours" = yes ]; then
    as_root rm -f "$policy"
    trap - EXIT
    as_root update-rc.d "$1" disable >/dev/null 2>&1 || true
  fi
}

# What a folder of tests has in its lock file, unless those very versions are there.
install_node_packages() {
  local folder=$here/../test/$1 what=$2
  [ -e "$folder/package-lock.json" ] || return 0
  if [ "$folder/node_modules/.package-lock.json" -nt "$folder/package-lock.json" ]; then
    echo "already installed: $what"
    return
  fi
  step "Installing $what from the npm registry"
  npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund || fail "npm could not install $what: see above"
}

"$here/install-build-packages.sh"
install_packages doctest-dev python3 python3-pytest python3-paho-mqtt mosquitto-clients clang clang-format clang-tidy \
  curl libclang-rt-14-dev chromium fonts-dejavu-core
install_without_service mosquitto
install_without_service prometheus
install_node_packages interop "MQTT.js and an OpenAPI validator"
install_node_packages browser "Playwright and axe"
