#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds Runnel with its tests, and runs every test.
#
#   ./packaging/test.sh                 everything
#   ./packaging/test.sh -L unit         every argument goes to ctest: here, only the tests with this label
#
# With CI=true, as in .ci/run, a warning of the compiler is an error.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. packaging/packages.sh

warnings_are_errors=OFF
[ "${CI:-}" = true ] && warnings_are_errors=ON

packaging/install-test-packages.sh
step "Building with tests (in build/dev)"
mkdir -p build
cmake --preset dev -DRUNNEL_WERROR=$warnings_are_errors >build/dev.cmake.log ||
  { cat build/dev.cmake.log; fail "cmake failed: see above"; }
cmake --build --preset dev || fail "the build failed: see above"
step "Running the tests"
ctest --preset dev --parallel "$(nproc)" "$@"
