// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from 'preact/hooks'
import { goTo, replaceRoute, route } from '../../live/location'
import { secondClock } from '../../live/painting'
import {
  closeTopicFeed,
  openTopicFeed,
  pauseTree,
  showSystemTopics,
  topicLink,
  tree,
  treePainter,
  treePaused,
  withSystemTopics
} from '../../live/topic_feed'
import { countText, plural, rateText } from '../../model/number_text'
import { Icon } from '../../parts/icon'
import { EmptyState, Notice, SearchBox } from '../../parts/small'
import { TopicDetails } from './topic_details'
import { TopicTreeView } from './topic_tree_view'

export function TopicsPage() {
  const topic = route.value.subject
  const [search, setSearch] = useState('')

  useEffect(() => {
    openTopicFeed()
    return closeTopicFeed
  }, [])

  return (
    <div class="page filling">
      <header class="page-head">
        <h1>Topics</h1>
        <Totals />
      </header>
      <div class={topic === '' ? 'split' : 'split chosen'}>
        <section class="card pane" aria-label="All topics">
          <div class="toolbar pane-head">
            <SearchBox label="Find a topic" value={search} onChange={setSearch} />
            <TreeButtons />
          </div>
          <TreeNotices />
          <TopicTreeView search={search} selected={topic} onSelect={choose} />
        </section>
        <section class="card pane details" aria-label="The chosen topic">
          {topic === '' ? (
            <EmptyState icon="topics" title="Choose a topic">
              Its last message, its history and its chart appear here; and you can publish to it.
            </EmptyState>
          ) : (
            <TopicDetails key={topic} topic={topic} onClose={() => goTo('topics')} />
          )}
        </section>
      </div>
    </div>
  )
}

// On a phone the details take the place of the tree, and Back leads back; beside it, choosing is no journey.
function choose(topic: string): void {
  if (matchMedia('(max-width: 1000px)').matches) goTo('topics', topic)
  else replaceRoute('topics', topic)
}

function Totals() {
  treePainter.version.value
  const now = secondClock.value
  return (
    <p class="soft small number">
      {plural(tree.topics, 'topic')} · {rateText(tree.rate.at(now))} messages/s
    </p>
  )
}

function TreeButtons() {
  const paused = treePaused.value
  const system = withSystemTopics.value
  const expandAll = (expanded: boolean): void => {
    tree.expandAll(expanded)
    treePainter.now()
  }
  return (
    <>
      <button
        type="button"
        class="button icon-only quiet"
        aria-label="Open all"
        title="Open all"
        onClick={() => expandAll(true)}
      >
        <Icon name="expand" />
      </button>
      <button
        type="button"
        class="button icon-only quiet"
        aria-label="Close all"
        title="Close all"
        onClick={() => expandAll(false)}
      >
        <Icon name="collapse" />
      </button>
      <button type="button" class="button" aria-pressed={system} onClick={() => showSystemTopics(!system)}>
        $SYS
      </button>
      <button type="button" class="button" aria-pressed={paused} onClick={() => pauseTree(!paused)}>
        <Icon name={paused ? 'play' : 'pause'} />
        {paused ? 'Go on' : 'Pause'}
      </button>
    </>
  )
}

function TreeNotices() {
  treePainter.version.value
  const fault = topicLink.value?.fault.value ?? ''
  return (
    <>
      {fault === '' ? null : <Notice level="error">{fault}</Notice>}
      {tree.refused === 0 ? null : (
        <Notice level="warning">
          The page holds {countText(tree.topics)} topics and no more; others are left out.
        </Notice>
      )}
    </>
  )
}
