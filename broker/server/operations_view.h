// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "broker/api/operations.h"

namespace runnel::server {

// Operations as one thread sees them: what another thread answers comes back to it.
class OperationsView final : public api::Operations {
public:
    // `operations` outlives this. `post` has a task carried out by the thread, or drops it when the thread has ended.
    OperationsView(api::Operations& operations, std::function<void(std::function<void()>)> post)
        : operations_(operations), post_(std::move(post)) {}

    std::string store_refusal() const override { return operations_.store_refusal(); }
    void status(size_t queues, std::function<void(const api::BrokerStatus&)> done) override {
        operations_.status(queues, bring_back(std::move(done)));
    }
    void back_up(const std::string& directory, std::function<void(const api::BackupResult&)> done) override {
        operations_.back_up(directory, bring_back(std::move(done)));
    }
    void clients(const api::ClientQuery& query, std::function<void(const api::ClientPage&)> done) override {
        operations_.clients(query, bring_back(std::move(done)));
    }
    void client(const std::string& client_identifier, std::function<void(const api::ClientFound&)> done) override {
        operations_.client(client_identifier, bring_back(std::move(done)));
    }
    void subscriptions(const api::SubscriptionQuery& query,
                       std::function<void(const api::SubscriptionPage&)> done) override {
        operations_.subscriptions(query, bring_back(std::move(done)));
    }
    void end_client(const std::string& client_identifier, bool ends_session,
                    std::function<void(const api::ClientEnded&)> done) override {
        operations_.end_client(client_identifier, ends_session, bring_back(std::move(done)));
    }

private:
    // What `done` holds belongs to the thread: no other one may be the last to let go of it.
    template <class Answer>
    std::function<void(const Answer&)> bring_back(std::function<void(const Answer&)> done) const {
        return [post = post_, done = std::move(done)](const Answer& answer) mutable {
            post([done = std::exchange(done, nullptr), answer] { done(answer); });
        };
    }

    api::Operations& operations_;
    std::function<void(std::function<void()>)> post_;
};

}  // namespace runnel::server
