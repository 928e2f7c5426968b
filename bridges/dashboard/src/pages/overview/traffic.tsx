// SPDX-License-Identifier: Apache-2.0
import { useMemo } from 'preact/hooks'
import type { Sample } from '../../live/status_feed'
import { bytesText, countText, rateText, shortText } from '../../model/number_text'
import { Chart } from '../../parts/chart'
import { Sparkline } from '../../parts/sparkline'

const kSlots = 60
// A page just opened shows what little it has in a part of the width that can be seen.
const kSlotsLeast = 20

interface TileProps {
  label: string
  value: string
  unit?: string
  note: string
  values: readonly number[]
  second?: boolean
}

function Tile({ label, value, unit, note, values, second = false }: TileProps) {
  return (
    <section class="card tile">
      <h2>{label}</h2>
      <p class="figure number">
        {value}
        {unit === undefined ? null : <span class="unit">{unit}</span>}
      </p>
      <p class="soft small number cut" title={note}>
        {note}
      </p>
      <Sparkline values={values} slots={Math.max(kSlotsLeast, values.length)} second={second} />
    </section>
  )
}

export function Tiles({ samples }: { samples: readonly Sample[] }) {
  const last = samples[samples.length - 1]
  const status = last?.status ?? {}
  const rates = last?.rates
  const over = (value: (sample: Sample) => number | undefined): number[] =>
    samples.slice(-kSlots).flatMap((sample) => value(sample) ?? [])
  return (
    <div class="tiles">
      <Tile
        label="Connections"
        value={countText(status.connections)}
        note={`${countText(status.sessions)} sessions`}
        values={over((sample) => sample.status.connections)}
      />
      <Tile
        label="Messages in"
        value={rateText(rates?.messagesIn)}
        unit="/s"
        note={`${countText(status.totals?.messages_received)} since the start`}
        values={over((sample) => sample.rates?.messagesIn)}
      />
      <Tile
        label="Messages out"
        value={rateText(rates?.messagesOut)}
        unit="/s"
        note={`${countText(status.totals?.messages_sent)} since the start`}
        values={over((sample) => sample.rates?.messagesOut)}
        second
      />
      <Tile
        label="Bytes"
        value={bytesText(rates === null || rates === undefined ? undefined : rates.bytesIn + rates.bytesOut)}
        unit="/s"
        note={`${bytesText(rates?.bytesIn)} in, ${bytesText(rates?.bytesOut)} out`}
        values={over((sample) => (sample.rates === null ? undefined : sample.rates.bytesIn + sample.rates.bytesOut))}
      />
      <Tile
        label="Queued"
        value={countText(status.queued_messages)}
        note={`${bytesText(status.queued_bytes)}, ${countText(status.inflight_messages)} in flight`}
        values={over((sample) => sample.status.queued_messages)}
      />
      <Tile
        label="Retained"
        value={countText(status.retained_messages)}
        note={bytesText(status.retained_bytes)}
        values={over((sample) => sample.status.retained_messages)}
      />
    </div>
  )
}

const kWindowSeconds = 900

// As in .grid-2: the card is as high as that of the storage then.
const isBesideStorage = (): boolean => !matchMedia('(max-width: 1000px)').matches

export function ThroughputCard({ samples }: { samples: readonly Sample[] }) {
  const rated = samples.filter((sample) => sample.rates !== null)
  const columns = useMemo((): [number[], number[], number[]] => {
    const column = (value: (sample: Sample) => number): number[] => rated.map(value)
    return [
      column((sample) => sample.time / 1000),
      column((sample) => sample.rates?.messagesIn ?? 0),
      column((sample) => sample.rates?.messagesOut ?? 0)
    ]
  }, [samples])
  const now = (samples[samples.length - 1]?.time ?? Date.now()) / 1000
  // Grows with what there is to show, up to the whole window.
  const first = (samples[0]?.time ?? Date.now()) / 1000
  const from = Math.max(now - kWindowSeconds, Math.min(first, now - 60))
  const last = rated[rated.length - 1]?.rates
  return (
    <section class="card throughput">
      <header>
        <h2>Throughput</h2>
        <span class="toolbar">
          <span class="key">in</span>
          <span class="key second">out</span>
          <span class="soft small">messages/s</span>
        </span>
      </header>
      <div class="body">
        <Chart
          columns={columns}
          labels={['in', 'out']}
          height={isBesideStorage() ? 484 : 300}
          from={from}
          to={now}
          fromZero
          valueText={rateText}
          axisText={shortText}
          description={`Messages per second: ${rateText(last?.messagesIn)} in, ${rateText(last?.messagesOut)} out.`}
        />
      </div>
    </section>
  )
}
