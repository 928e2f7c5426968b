// SPDX-License-Identifier: Apache-2.0
#include "bridges/stations/units.h"

#include <charconv>
#include <cmath>

#include "broker/base/json.h"

namespace runnel::stations {
namespace {

enum class Quantity : uint8_t { Temperature, Speed, Pressure, Length, Rate };

// A unit by the base unit of its quantity: base = number * scale + offset.
struct Unit {
    std::string_view name;
    Quantity quantity;
    double scale;
    double offset;
};

constexpr Unit kUnits[] = {
    {"celsius", Quantity::Temperature, 1, 0},
    {"fahrenheit", Quantity::Temperature, 5.0 / 9, -160.0 / 9},
    {"kelvin", Quantity::Temperature, 1, -273.15},
    {"m/s", Quantity::Speed, 1, 0},
    {"km/h", Quantity::Speed, 1 / 3.6, 0},
    {"mph", Quantity::Speed, 0.44704, 0},
    {"knots", Quantity::Speed, 1852.0 / 3600, 0},
    {"hPa", Quantity::Pressure, 1, 0},
    {"Pa", Quantity::Pressure, 0.01, 0},
    {"kPa", Quantity::Pressure, 10, 0},
    {"inHg", Quantity::Pressure, 33.8638866667, 0},
    {"mmHg", Quantity::Pressure, 1.33322387415, 0},
    {"psi", Quantity::Pressure, 68.9475729318, 0},
    {"mm", Quantity::Length, 1, 0},
    {"cm", Quantity::Length, 10, 0},
    {"m", Quantity::Length, 1000, 0},
    {"km", Quantity::Length, 1e6, 0},
    {"in", Quantity::Length, 25.4, 0},
    {"ft", Quantity::Length, 304.8, 0},
    {"mi", Quantity::Length, 1609344, 0},
    {"mm/h", Quantity::Rate, 1, 0},
    {"in/h", Quantity::Rate, 25.4, 0},
};

constexpr double kNumberBelow = 1e15;

const Unit* find_unit(std::string_view name) {
    for (const Unit& unit : kUnits)
        if (unit.name == name) return &unit;
    return nullptr;
}

}  // namespace

std::optional<Conversion> find_conversion(std::string_view text) {
    const size_t arrow = text.find("->");
    if (arrow == std::string_view::npos) return std::nullopt;
    const Unit* from = find_unit(text.substr(0, arrow));
    const Unit* to = find_unit(text.substr(arrow + 2));
    if (from == nullptr || to == nullptr || from->quantity != to->quantity) return std::nullopt;
    return Conversion{from->scale / to->scale, (from->offset - to->offset) / to->scale};
}

std::string known_units() {
    std::string text;
    for (const Unit& unit : kUnits)
        text.append(text.empty() ? "" : ", ").append(unit.name);
    return text;
}

std::optional<double> parse_number(std::string_view text) {
    const size_t begin = text.find_first_not_of(' ');
    if (begin == std::string_view::npos) return std::nullopt;
    text = text.substr(begin, text.find_last_not_of(' ') + 1 - begin);
    if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_whole = error == std::errc() && end == text.data() + text.size();
    if (!is_whole || !std::isfinite(number) || std::abs(number) >= kNumberBelow) return std::nullopt;
    return number;
}

std::string format_number(double number, int decimals) {
    char text[400];
    const auto result = std::to_chars(text, text + sizeof text, number, std::chars_format::fixed, decimals);
    std::string_view digits(text, static_cast<size_t>(result.ptr - text));
    if (decimals > 0) {
        while (digits.ends_with('0'))
            digits.remove_suffix(1);
        if (digits.ends_with('.')) digits.remove_suffix(1);
    }
    return digits == "-0" ? "0" : std::string(digits);
}

bool is_json_number(std::string_view text) {
    const bool may_be = !text.empty() && text.size() < 64 && (text[0] == '-' || (text[0] >= '0' && text[0] <= '9')) &&
                        text.back() != ' ';
    return may_be && compact_json(text).has_value();
}

}  // namespace runnel::stations
