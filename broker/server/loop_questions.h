// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "broker/net/event_loop.h"

namespace runnel::server {

// Questions to all event loops at once, each for its shard. Any thread asks. No loop is waited for longer than a
// moment: what it has not said by then is left out.
class LoopQuestions {
public:
    // What a loop says; called by its thread. Nothing: it needs another turn to go on, so that none is long. Every loop
    // has a copy of its own, with what that remembers.
    template <class Part>
    using Work = std::function<std::optional<Part>(shard::Shard&, Time)>;
    // One for each loop; nothing from those that did not answer in time.
    template <class Part>
    using Parts = std::vector<std::optional<Part>>;

    // They outlive it.
    explicit LoopQuestions(std::vector<net::EventLoop*> loops) : loops_(std::move(loops)) {}

    // `done` is called once, by any thread; or never, if the loops end first.
    template <class Part>
    void ask(Work<Part> work, std::function<void(Parts<Part>)> done) {
        auto question = std::make_shared<Question<Part>>(loops_.size(), std::move(done));
        {
            const std::lock_guard lock(mutex_);
            std::erase_if(open_, [](const auto& open) { return open->is_over(); });
            open_.push_back(question);
        }
        for (size_t loop = 0; loop < loops_.size(); ++loop)
            post_step(*loops_[loop], loop, work, question);
    }

    // To be called about every second: gives up loops that do not answer.
    void time_advanced() {
        std::vector<std::shared_ptr<OpenQuestion>> late;
        {
            const std::lock_guard lock(mutex_);
            std::erase_if(open_, [](const auto& open) { return open->is_over(); });
            for (const auto& open : open_)
                if (Clock::now() >= open->deadline) late.push_back(open);
        }
        for (const auto& open : late)
            open->give_up();
    }

private:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::seconds kPatience{2};

    class OpenQuestion {
    public:
        virtual ~OpenQuestion() = default;
        virtual bool is_over() const = 0;
        virtual void give_up() = 0;
        const Clock::time_point deadline = Clock::now() + kPatience;
    };

    template <class Part>
    class Question final : public OpenQuestion {
    public:
        Question(size_t loops, std::function<void(Parts<Part>)> done)
            : parts_(loops), missing_(loops), done_(std::move(done)) {}
        bool is_over() const override {
            const std::lock_guard lock(mutex_);
            return !done_;
        }
        void give_up() override { finish({}, 0, true); }
        void answered(size_t loop, Part part) { finish(std::move(part), loop, false); }

    private:
        void finish(std::optional<Part> part, size_t loop, bool is_late) {
            std::function<void(Parts<Part>)> done;
            {
                const std::lock_guard lock(mutex_);
                if (!done_) return;
                if (part) parts_[loop] = std::move(part);
                if (!is_late && --missing_ != 0) return;
                done = std::exchange(done_, nullptr);
            }
            done(std::move(parts_));
        }

        mutable std::mutex mutex_;
        Parts<Part> parts_;
        size_t missing_;
        std::function<void(Parts<Part>)> done_;
    };

    template <class Part>
    static void post_step(net::EventLoop& loop, size_t index, Work<Part> work,
                          std::shared_ptr<Question<Part>> question) {
        loop.post(net::Task{[&loop, index, work = std::move(work), question = std::move(question)](shard::Shard& shard,
                                                                                                   Time now) mutable {
            if (question->is_over()) return;
            if (auto part = work(shard, now)) return question->answered(index, *std::move(part));
            post_step(loop, index, std::move(work), std::move(question));
        }});
    }

    std::vector<net::EventLoop*> loops_;
    std::mutex mutex_;
    std::vector<std::shared_ptr<OpenQuestion>> open_;
};

}  // namespace runnel::server
