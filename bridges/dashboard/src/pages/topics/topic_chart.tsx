// SPDX-License-Identifier: Apache-2.0
import { useEffect, useMemo, useState } from 'preact/hooks'
import { kRanges, type ChartFeed } from '../../live/chart_feed'
import { secondClock } from '../../live/painting'
import { chartColumns, gapOf } from '../../model/history_join'
import { shortText } from '../../model/number_text'
import { visibleText } from '../../model/payload_text'
import { kWholePayload } from '../../model/payload_numbers'
import type { Point } from '../../model/series'
import { Chart } from '../../parts/chart'
import { EmptyState, Segments } from '../../parts/small'

const kChoices = kRanges.map(({ label }) => ({ value: label, label }))

export function TopicChart({ feed }: { feed: ChartFeed }) {
  const version = feed.painter.version.value
  const now = secondClock.value
  const [label, setLabel] = useState(kChoices[0]?.value ?? '')
  const range = kRanges.find((each) => each.label === label) ?? (kRanges[0] as (typeof kRanges)[number])
  const points = useMemo(() => feed.points(Date.now()), [feed, version, now, feed.path.value, range])
  const columns = useMemo(() => {
    const least = Math.max(range.milliseconds / 20, range.everyMs * 3)
    return chartColumns(points, gapOf(points, least))
  }, [points, range])

  useEffect(() => feed.setRange(range), [feed, range])

  const end = Math.max(now, points[points.length - 1]?.time ?? 0)
  return (
    <section aria-label="Chart" class="topic-chart">
      <div class="toolbar">
        <h3>Chart</h3>
        <Segments label="Span of time" choices={kChoices} value={label} onChange={setLabel} />
        <PathChoice feed={feed} />
      </div>
      <div class="chart-space">
        {points.length === 0 ? (
          <EmptyState icon="overview" title="No numbers in this span">
            Payloads that are numbers, and numbers within JSON, are drawn here.
          </EmptyState>
        ) : (
          <Chart
            columns={columns}
            labels={['value']}
            height={220}
            from={(end - range.milliseconds) / 1000}
            to={end / 1000}
            points={points.length < 60}
            valueText={valueText}
            axisText={shortText}
            description={describe(points, label)}
          />
        )}
      </div>
      <Summary points={points} feed={feed} />
    </section>
  )
}

function PathChoice({ feed }: { feed: ChartFeed }) {
  const paths = feed.paths.value
  if (paths.length < 2) return null
  return (
    <select
      class="input path-choice"
      aria-label="Value within the payload"
      value={feed.path.value}
      onChange={(event) => feed.choosePath(event.currentTarget.value)}
    >
      {paths.map((path) => (
        <option key={path} value={path}>
          {path === kWholePayload ? 'payload' : visibleText(path)}
        </option>
      ))}
    </select>
  )
}

function Summary({ points, feed }: { points: readonly Point[]; feed: ChartFeed }) {
  const fault = feed.historyFault.value
  const values = points.map((point) => point.value)
  const sum = values.reduce((total, value) => total + value, 0)
  const shown: [string, number | undefined][] = [
    ['now', values[values.length - 1]],
    ['low', values.length === 0 ? undefined : values.reduce((a, b) => Math.min(a, b))],
    ['mean', values.length === 0 ? undefined : sum / values.length],
    ['high', values.length === 0 ? undefined : values.reduce((a, b) => Math.max(a, b))]
  ]
  return (
    <div class="summary small number">
      {shown.map(([name, value]) => (
        <span key={name}>
          <span class="soft">{name}</span> {value === undefined ? '–' : valueText(value)}
        </span>
      ))}
      <span class="soft history-state">
        {fault !== '' ? `No history: ${fault}` : feed.historyCount.value === 0 ? 'No history is kept of this topic' : ''}
      </span>
    </div>
  )
}

function valueText(value: number): string {
  const size = Math.abs(value)
  if (size !== 0 && (size >= 1e7 || size < 1e-3)) return value.toExponential(2)
  return value.toLocaleString('en', { maximumFractionDigits: size >= 1000 ? 0 : size >= 10 ? 2 : 3 })
}

function describe(points: readonly Point[], span: string): string {
  const values = points.map((point) => point.value)
  const low = values.reduce((a, b) => Math.min(a, b))
  const high = values.reduce((a, b) => Math.max(a, b))
  const last = values[values.length - 1] ?? 0
  return `The last ${span}: now ${valueText(last)}, between ${valueText(low)} and ${valueText(high)}.`
}
