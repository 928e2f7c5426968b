#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds Runnel, starts the broker in the background and says what to try next.
#
#   ./packaging/start.sh                     MQTT on 127.0.0.1:1883, WebSocket on 127.0.0.1:8080
#   ./packaging/start.sh --config my.toml    every argument goes to the broker
#   ./packaging/start.sh stop                stops the broker that this script started
#
# A second run rebuilds what has changed, and leaves a running broker alone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. packaging/packages.sh

build=build/release
log=$build/runnel.log
pid_file=$build/runnel.pid

# The number of the process that this script started, if that still is a runnel.
running_pid() {
  local pid
  pid=$(cat "$pid_file" 2>/dev/null) || return 1
  [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = runnel ] && echo "$pid"
}

stop() {
  local pid
  pid=$(running_pid) || { echo "Runnel is not running."; return; }
  kill "$pid"
  tail --pid="$pid" -f /dev/null
  rm -f "$pid_file"
  echo "Runnel has stopped."
}

build_release() {
  step "Building (in $build)"
  cmake --preset release >"$build.cmake.log" || { cat "$build.cmake.log"; fail "cmake failed: see above"; }
  cmake --build --preset release || fail "the build failed: see above"
}

# Starts the broker and waits for its line "ready", or for its end.
start() {
  step "Starting $build/bin/runnel${*:+ $*}"
  : >"$log"
  setsid "$build/bin/runnel" "$@" </dev/null >"$log" 2>&1 &
  local pid=$! tries=0
  echo "$pid" >"$pid_file"
  until grep -w ready "$log"; do
    if ! kill -0 "$pid" 2>/dev/null; then
      cat "$log" >&2
      rm -f "$pid_file"
      fail "the broker ended at once: see above (is something else listening on the same port?)"
    fi
    tries=$((tries + 1))
    [ $tries -lt 200 ] || fail "the broker runs (process $pid), but $log does not say that it is ready"
    sleep 0.05
  done
}

say_what_next() {
  cat <<TEXT

Runnel is running (process $(running_pid), log in $log). To stop it: ./packaging/start.sh stop

Try it. In one terminal:

  mosquitto_sub -t 'home/#' -v
  $build/bin/runnelctl sub -t 'home/#' -v          # the same without mosquitto-clients

and in another:

  mosquitto_pub -t home/temperature -m 21.5
  $build/bin/runnelctl pub -t home/temperature -m 21.5
TEXT
}

if [ "${1:-}" = stop ]; then
  stop
  exit
fi
packaging/install-build-packages.sh
install_packages mosquitto-clients
mkdir -p build
build_release
if running_pid >/dev/null; then
  echo "Runnel is running already: \"./packaging/start.sh stop\" stops it, for a start with what has just been built."
else
  start "$@"
fi
say_what_next
