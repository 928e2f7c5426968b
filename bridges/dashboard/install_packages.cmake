# SPDX-License-Identifier: Apache-2.0
# cmake -DNPM=... -DFOLDER=... -P install_packages.cmake: the packages of the lock file in FOLDER, from whatever registry
# npm is configured for.
execute_process(COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund --loglevel=error
                WORKING_DIRECTORY ${FOLDER} RESULT_VARIABLE failure)
if(failure)
  message(FATAL_ERROR "npm could not install the packages of the dashboard: see above. It needs the npm registry, once; "
                      "a build without the dashboard needs nothing of it: -DRUNNEL_DASHBOARD=OFF")
endif()
