# SPDX-License-Identifier: Apache-2.0
# Sourced by the scripts beside it: installs Debian packages that are missing, and nothing else.

fail() {
  printf '\n%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

step() {
  printf '\n==> %s\n' "$*"
}

# Runs a command as root: directly, or by sudo.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "needs root for: $* (run this script as root, or install sudo)"
  fi
}

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# install_packages PACKAGE...: asks apt only for what is missing, so that a second run changes nothing and needs no network.
install_packages() {
  command -v apt-get >/dev/null && command -v dpkg-query >/dev/null ||
    fail "this is not Debian or a relative of it (no apt-get). Install what corresponds to: $*"
  local package missing=()
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  if [ ${#missing[@]} -eq 0 ]; then
    echo "already installed: $*"
    return
  fi
  step "Installing ${missing[*]}"
  as_root apt-get update -qq || fail "apt-get update failed: see above"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 "${missing[@]}" ||
    fail "apt-get could not install: ${missing[*]}"
}
