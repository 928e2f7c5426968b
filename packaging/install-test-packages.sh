#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what the tests of Runnel need beside the build: a second compiler, linters, and other people's MQTT clients and
# broker, on Debian 12 or a relative of it; MQTT.js comes from the npm registry, into test/interop/node_modules. Changes
# nothing if all of it is there.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/packages.sh"

policy=/usr/sbin/policy-rc.d

# Debian starts a service when its package is installed. The tests start the mosquitto broker themselves, on ports of
# their own, and port 1883 belongs to Runnel: so the service is neither started now nor at the next boot.
install_mosquitto_without_service() {
  is_installed mosquitto && return
  local ours=no
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
    ours=yes
    trap 'as_root rm -f "$policy"' EXIT
  fi
  install_packages mosquitto
  if [ "$ours" = yes ]; then
    as_root rm -f "$policy"
    trap - EXIT
    as_root update-rc.d mosquitto disable >/dev/null 2>&1 || true
  fi
}

# MQTT.js in the version of the lock file, unless that very version is there.
install_mqtt_js() {
  local interop=$here/../test/interop
  [ -e "$interop/package-lock.json" ] || return 0
  if [ "$interop/node_modules/.package-lock.json" -nt "$interop/package-lock.json" ]; then
    echo "already installed: MQTT.js"
    return
  fi
  step "Installing MQTT.js from the npm registry"
  npm ci --prefix "$interop" --ignore-scripts --no-audit --no-fund || fail "npm could not install MQTT.js: see above"
}

"$here/install-build-packages.sh"
packages=(doctest-dev python3 python3-pytest python3-paho-mqtt mosquitto-clients clang clang-format clang-tidy libclang-rt-14-dev)
# Node.js and npm from elsewhere than Debian are as good.
command -v node >/dev/null || packages+=(nodejs)
command -v npm >/dev/null || packages+=(npm)
install_packages "${packages[@]}"
install_mosquitto_without_service
install_mqtt_js
