#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what the build of Runnel needs, on Debian 12 or a relative of it. Changes nothing if all of it is there.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/packages.sh"

# make: with it, gcc optimises at link time on all cores. node-llhttp: the C sources of llhttp, which no other package has.
packages=(g++ make cmake ninja-build ccache pkgconf libuv1-dev libssl-dev libcrypt-dev librocksdb-dev libcli11-dev
  libtomlplusplus-dev libwslay-dev node-llhttp zlib1g-dev)
# For the dashboard. Node.js and npm from elsewhere than Debian are as good.
command -v node >/dev/null || packages+=(nodejs)
command -v npm >/dev/null || packages+=(npm)
install_packages "${packages[@]}"
