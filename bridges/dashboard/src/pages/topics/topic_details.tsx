// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, useState } from 'preact/hooks'
import { clearRetained, getRetained } from '../../api/requests'
import { timeOf, type Retained } from '../../api/shapes'
import { ChartFeed, kRanges } from '../../live/chart_feed'
import { secondClock } from '../../live/painting'
import { listen, tree, treePainter } from '../../live/topic_feed'
import type { Message } from '../../model/message'
import { propertyRows } from '../../model/message_rows'
import { agoText, bytesText, countText, dateText, rateText } from '../../model/number_text'
import { visibleLines, visibleText } from '../../model/payload_text'
import type { TopicNode } from '../../model/topic_tree'
import { ConfirmDialog } from '../../parts/dialog'
import { Icon } from '../../parts/icon'
import { CopyButton, EmptyState, Facts, Pill, type Fact } from '../../parts/small'
import { PayloadView } from '../payload_view'
import { PublishBox } from './publish_box'
import { TopicChart } from './topic_chart'

export function TopicDetails({ topic, onClose }: { topic: string; onClose: () => void }) {
  treePainter.version.value
  const node = tree.find(topic)
  const feed = useChartFeed(topic)
  const payload = useWholePayload(topic, node)
  const stored = useStored(topic, node?.retained ?? false)
  const [clearing, setClearing] = useState(false)

  useEffect(() => {
    if (payload !== null) feed.offerPaths(payload)
  }, [feed, payload !== null])

  return (
    <>
      <header class="pane-head details-head">
        <button type="button" class="button quiet icon-only back" aria-label="Back to the tree" onClick={onClose}>
          <Icon name="back" />
        </button>
        <h2 class="topic mono">{visibleText(topic)}</h2>
        <CopyButton text={topic} label="Copy the topic" />
        {node?.retained === true ? (
          <button
            type="button"
            class="button danger shrinking"
            aria-label="Clear retained"
            title="Clear the Retained Message"
            onClick={() => setClearing(true)}
          >
            <Icon name="trash" />
            <span>Clear retained</span>
          </button>
        ) : null}
      </header>
      <div class="pane-body stack">
        {node?.last === undefined || node.last === null ? (
          <EmptyState icon="topics" title="No message yet">
            Nothing has come on this topic since the page was opened.
          </EmptyState>
        ) : (
          <>
            <LastFacts node={node} stored={stored} publisher={feed.publisher.value} />
            <PayloadView payload={payload ?? node.last.payload} bytes={node.last.bytes} />
          </>
        )}
        <TopicChart feed={feed} />
        <PublishBox topic={topic} />
      </div>
      {clearing ? (
        <ConfirmDialog
          title="Clear the Retained Message?"
          action="Clear"
          danger
          onConfirm={() => clearRetained(topic)}
          onClose={() => setClearing(false)}
        >
          <p>
            New subscribers of <span class="mono">{visibleText(topic)}</span> will get nothing until the next retained
            message.
          </p>
        </ConfirmDialog>
      ) : null}
    </>
  )
}

function useChartFeed(topic: string): ChartFeed {
  const feed = useRef<ChartFeed | null>(null)
  feed.current ??= new ChartFeed(topic, kRanges[0] as (typeof kRanges)[number])
  const made = feed.current
  useEffect(() => () => made.close(), [made])
  return made
}

// The tree keeps the beginning of each payload only; of the chosen topic, what comes is kept whole.
function useWholePayload(topic: string, node: TopicNode | undefined): Uint8Array | null {
  const whole = useRef<Message | null>(null)
  useEffect(() => listen(topic, (message) => (whole.current = message)), [topic])
  const last = node?.last
  if (last === undefined || last === null) return null
  return whole.current !== null && whole.current.time === last.time ? whole.current.payload : last.payload
}

// What only the broker knows of a Retained Message: who published it, and when.
function useStored(topic: string, retained: boolean): Retained | null {
  const [stored, setStored] = useState<Retained | null>(null)
  useEffect(() => {
    if (!retained) {
      setStored(null)
      return
    }
    const asking = new AbortController()
    getRetained(topic, 1, asking.signal)
      .then((answer) => setStored(answer.items.find((item) => item.topic === topic) ?? null))
      .catch(() => {})
    return () => asking.abort()
  }, [topic, retained])
  return stored
}

function LastFacts(props: { node: TopicNode; stored: Retained | null; publisher: string }) {
  const { node, stored } = props
  treePainter.version.value
  const now = secondClock.value
  const { last } = node
  if (last === null) return null
  const time = last.replayed ? timeOf(stored?.time) : last.time
  const publisher = (last.replayed ? stored?.publisher : '') || props.publisher || stored?.publisher || '–'
  const facts: Fact[] = [
    { name: 'Last message', value: <span title={dateText(time)}>{agoText(time, now)}</span> },
    { name: 'Publisher', value: visibleText(publisher) },
    { name: 'QoS', value: last.qos },
    { name: 'Size', value: bytesText(last.bytes) },
    { name: 'Rate', value: `${rateText(node.rate.at(now))}/s` },
    { name: 'Messages seen', value: countText(node.messages) },
    { name: 'Retained', value: node.retained ? <Pill tone="good">yes</Pill> : 'no' },
    ...propertyRows(last.properties).map(({ name, text }) => ({ name: visibleText(name), value: visibleLines(text) }))
  ]
  return <Facts facts={facts} />
}
