# SPDX-License-Identifier: Apache-2.0
"""Long stored queues of members of Shared Subscriptions: what of them goes to others, and what stays."""

import pytest
from wire.bulk import Bulk

SIZE = 1024
SOME = 5_000


@pytest.fixture(params=[1, 3])
def broker(make_broker, request):
    """On several loops the member, the other member and their group have different owners, sooner or later."""
    return make_broker({
        "broker": {"loops": request.param},
        "session": {"max_queued_messages": 0, "max_queued_bytes": 0},
        "storage": {"durability": "written"},
    })  # fmt: skip


@pytest.fixture
def bulk(broker, prefix, topic):
    """bulk("name") connects; `on` is the topic. All are closed at the end."""
    opened = []

    def connect(name, on="work", **options):
        opened.append(Bulk(broker.address, f"{prefix}{name}", topic(on), SIZE, **options))
        return opened[-1]

    yield connect
    for one in opened:
        one.close()


@pytest.fixture
def join(bulk, topic):
    """join("name") leaves a Session behind that is a member of the group."""

    def leave_session(name):
        member = bulk(name, clean_session=False)
        member.subscribe(f"$share/group/{topic('work')}")
        member.close()

    return leave_session


@pytest.fixture
def with_backlog(bulk, join):
    """with_backlog("name") is alone in the group and away while messages come; then `others` join."""

    def make(name, *others):
        join(name)
        assert bulk("publisher").publish(range(SOME)) == SOME
        for other in others:
            join(other)

    return make


def end_session(bulk, name):
    ending = bulk(name)  # Clean Session.
    assert not ending.session_present
    ending.close()


def come_back(bulk, name):
    member = bulk(name, clean_session=False)
    assert member.session_present
    return member


@pytest.mark.parametrize("name", ["one", "two", "three"])
def test_the_queue_of_a_session_that_ends_goes_to_the_other_member(bulk, with_backlog, name):
    with_backlog(name, "other")
    end_session(bulk, name)
    assert sorted(come_back(bulk, "other").receive(SOME)) == list(range(SOME))


@pytest.mark.parametrize("name", ["one", "two", "three"])
def test_it_does_so_after_the_broker_was_killed(broker, bulk, with_backlog, name):
    with_backlog(name, "other")
    end_session(bulk, name)
    broker.kill()
    broker.start()
    assert sorted(come_back(bulk, "other").receive(SOME)) == list(range(SOME))


def test_a_new_session_of_the_client_has_its_own_queue(broker, bulk, with_backlog, topic):
    with_backlog("one", "other")
    end_session(bulk, "one")
    anew = bulk("one", on="more", clean_session=False)
    anew.subscribe(topic("more"))
    anew.close()
    assert bulk("publisher", on="more").publish(range(SOME)) == SOME
    broker.kill()
    broker.start()
    anew = bulk("one", on="more", clean_session=False)
    assert anew.session_present
    assert anew.receive(SOME) == list(range(SOME))
    assert sorted(come_back(bulk, "other").receive(SOME)) == list(range(SOME))


def test_it_passes_through_several_members(bulk, with_backlog, join):
    with_backlog("one", "two")
    end_session(bulk, "one")
    join("three")
    end_session(bulk, "two")
    assert sorted(come_back(bulk, "three").receive(SOME)) == list(range(SOME))


def test_the_tail_that_others_got_is_not_mistaken_for_what_comes_later(broker, bulk, with_backlog):
    """The end of the queue of `one` went to `two` before the first kill; what is queued then must outlive the second."""
    with_backlog("one", "two")
    come_back(bulk, "one").close()
    broker.kill()
    broker.start()
    assert bulk("publisher").publish(range(SOME, 2 * SOME)) == SOME
    broker.kill()
    broker.start()
    end_session(bulk, "one")
    assert sorted(come_back(bulk, "two").receive(2 * SOME)) == list(range(2 * SOME))
