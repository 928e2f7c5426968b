// SPDX-License-Identifier: Apache-2.0
#include "cli/runnelctl/property_arguments.h"

#include <doctest/doctest.h>

using namespace runnel::ctl;
using Words = std::vector<std::string>;

TEST_CASE("the words behind -D become one argument and come apart again") {
    const Words joined = join_property_arguments({"pub", "-t", "x", "-D", "publish", "user-property", "a:1", "-v",
                                                  "--property", "will", "content-type", "", "-r"});
    REQUIRE(joined.size() == 8);
    CHECK(Words(joined.begin(), joined.begin() + 4) == Words{"pub", "-t", "x", "-D"});
    CHECK(split_property_argument(joined[4]) == Words{"publish", "user-property", "a:1", "-v"});
    CHECK(joined[5] == "--property");
    CHECK(split_property_argument(joined[6]) == Words{"will", "content-type", ""});
    CHECK(joined[7] == "-r");
}

TEST_CASE("-D with too few words takes those that are there") {
    const Words joined = join_property_arguments({"sub", "-D", "connect", "receive-maximum"});
    REQUIRE(joined.size() == 3);
    CHECK(split_property_argument(joined[2]) == Words{"connect", "receive-maximum"});
    CHECK(join_property_arguments({"sub", "-D"}) == Words{"sub", "-D"});
}

TEST_CASE("-D that is something else stays as it is") {
    const Words value{"pub", "-m", "-D", "-t", "x"};
    CHECK(join_property_arguments(value) == value);
    const Words deletion{"passwd", "-D", "FILE", "publish", "user-property"};
    CHECK(join_property_arguments(deletion) == deletion);
    CHECK(join_property_arguments({}).empty());
}

TEST_CASE("an argument that was not joined has no words") {
    for (const char* argument : {"publish", "5:abc", "x:abc", "3", "99999999999999999999999:a"})
        CHECK(split_property_argument(argument).empty());
}
