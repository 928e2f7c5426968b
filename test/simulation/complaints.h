// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "broker/base/time.h"

namespace runnel::simulation {

// Promises that were broken. The world stops at the first one.
class Complaints {
public:
    struct Complaint {
        Time when;
        std::string promise;
        std::string what;
    };

    void add(Time when, std::string_view promise, std::string what) {
        all_.push_back({when, std::string(promise), std::move(what)});
    }
    bool empty() const { return all_.empty(); }
    const std::vector<Complaint>& all() const { return all_; }

private:
    std::vector<Complaint> all_;
};

}  // namespace runnel::simulation
