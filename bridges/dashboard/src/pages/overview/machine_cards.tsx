// SPDX-License-Identifier: Apache-2.0
import type { LoopStatus, Status, StorageStatus } from '../../api/shapes'
import type { Rates } from '../../live/status_feed'
import { bytesText, countText, plural, rateText } from '../../model/number_text'
import { EmptyState, Facts, Meter, Pill } from '../../parts/small'

const kPromises: Record<string, string> = {
  synced: 'survives a loss of power',
  written: 'survives a crash of the broker',
  memory: 'kept in memory only'
}

export function StorageCard(props: {
  storage: StorageStatus | undefined
  rates: Rates | null
  history: NonNullable<Status['history']>
}) {
  const { storage = {}, rates, history } = props
  const limit = storage.max_bytes ?? 0
  const state = storage.failing === undefined ? null : storage.failing
  return (
    <section class="card">
      <header>
        <h2>Storage</h2>
        {state === null ? null : <Pill tone={state ? 'bad' : 'good'}>{state ? 'Failing' : 'Fine'}</Pill>}
      </header>
      <div class="body stack">
        <div>
          <p class="figure number">{bytesText(storage.size_bytes)}</p>
          <p class="soft small">{limit > 0 ? `of ${bytesText(limit)} on disk` : 'on disk, no limit set'}</p>
        </div>
        <Meter part={limit > 0 ? (storage.size_bytes ?? 0) / limit : 0} label="Part of the storage limit in use" />
        <Facts
          facts={[
            { name: 'Durability', value: storage.durability ?? '–' },
            { name: 'A PUBACK means', value: kPromises[storage.durability ?? ''] ?? '–' },
            { name: 'Commits', value: `${rateText(rates?.commits)}/s` },
            { name: 'Commit, mean', value: millisecondsText(storage.commit_ms_mean) },
            { name: 'Commit, longest', value: millisecondsText(storage.commit_ms_max) },
            { name: 'Backlog', value: bytesText(storage.backlog_bytes) },
            { name: 'History', value: history.length === 0 ? 'no rule' : plural(history.length, 'rule') },
            { name: 'Engine', value: storage.engine ?? '–' }
          ]}
        />
      </div>
    </section>
  )
}

function millisecondsText(milliseconds: number | undefined): string {
  return milliseconds === undefined ? '–' : `${milliseconds.toFixed(milliseconds < 10 ? 2 : 0)} ms`
}

export function LoopsCard({ loops }: { loops: readonly LoopStatus[] }) {
  return (
    <section class="card">
      <header>
        <h2>Event loops</h2>
        <span class="soft small number">{loops.length === 0 ? '' : countText(loops.length)}</span>
      </header>
      {loops.length === 0 ? (
        <EmptyState icon="overview" title="Nothing to show yet" />
      ) : (
        <ul class="body rows">
          {loops.map((loop, index) => (
            <li key={index} class="loop">
              <span class="number">Loop {index}</span>
              <Meter part={loop.busy ?? 0} label={`Load of loop ${index}`} />
              <span class="number right">{loop.busy === undefined ? '–' : `${Math.round(loop.busy * 100)} %`}</span>
              <span class="soft small number wide">
                {countText(loop.connections)} connections, {countText(loop.queued_messages)} queued
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
