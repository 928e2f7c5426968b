// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace runnel::stations {

// From a number in one unit to the same in another.
struct Conversion {
    double scale = 1;
    double offset = 0;  // Added last.
    double operator()(double number) const { return number * scale + offset; }
};

// "fahrenheit->celsius": two units of the same kind. Nothing for any other text.
std::optional<Conversion> find_conversion(std::string_view text);
// The units that there are, for people.
std::string known_units();

// The number that is the whole text, blanks around it aside: finite, and below 10^15.
std::optional<double> parse_number(std::string_view text);
// With this many digits behind the point, less the zeros at its end.
std::string format_number(double number, int decimals);
// Whether the text can stand in JSON as a number.
bool is_json_number(std::string_view text);

}  // namespace runnel::stations
