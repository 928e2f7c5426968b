// SPDX-License-Identifier: Apache-2.0
#include "broker/base/result.h"

#include <memory>
#include <string>

#include <doctest/doctest.h>

namespace runnel {
namespace {

enum class Fault { Small, Large };

Result<int, Fault> half_of(int number) {
    if (number % 2 != 0) return number < 10 ? Fault::Small : Fault::Large;
    return number / 2;
}

TEST_CASE("A Result holds a value or the reason why there is none") {
    CHECK(half_of(8));
    CHECK(*half_of(8) == 4);
    CHECK_FALSE(half_of(7));
    CHECK(half_of(7).error() == Fault::Small);
    CHECK(half_of(11).error() == Fault::Large);
}

TEST_CASE("A Result tells value and error apart even if they have one type") {
    const Result<std::string, const char*> value(std::string("x"));
    const Result<std::string, const char*> error("broken");
    CHECK(value);
    CHECK(value->size() == 1);
    CHECK_FALSE(error);
    CHECK(std::string(error.error()) == "broken");
}

TEST_CASE("The value of a Result can be moved out") {
    Result<std::unique_ptr<int>, Fault> result(std::make_unique<int>(5));
    const std::unique_ptr<int> taken = *std::move(result);
    REQUIRE(taken);
    CHECK(*taken == 5);
}

}  // namespace
}  // namespace runnel
