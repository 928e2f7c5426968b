// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ctime>
#include <string>

#include "broker/base/time.h"

namespace runnel::ctl {

// Of the monotonic clock.
Time monotonic_now();
// Of the clock on the wall.
timespec wall_now();

// As strftime prints the local time.
std::string clock_text(const char* format, const timespec& at);
// Of the current second, nine digits.
std::string nanoseconds_text(const timespec& at);

}  // namespace runnel::ctl
