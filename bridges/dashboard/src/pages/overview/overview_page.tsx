// SPDX-License-Identifier: Apache-2.0
import { earlier, latest, samples, statusError } from '../../live/status_feed'
import { alertsOf } from '../../model/alerts'
import { countText, durationText } from '../../model/number_text'
import { EmptyState, Notice, Pill } from '../../parts/small'
import { LoopsCard, StorageCard } from './machine_cards'
import { BridgesCard, ListenersCard, StationsCard } from './neighbour_cards'
import { ThroughputCard, Tiles } from './traffic'

export function OverviewPage() {
  const error = statusError.value
  if (error?.status === 403 || (error !== null && !error.unreachable && latest() === null)) {
    return (
      <div class="page">
        <Head />
        <div class="card">
          <EmptyState icon="shield" title={error.status === 403 ? 'This needs the admin right' : 'There is no status'}>
            {error.status === 403
              ? 'The state of the broker is shown to users whose access rule says admin. Topics and Live are yours as far as your rights go.'
              : error.message}
          </EmptyState>
        </div>
      </div>
    )
  }
  const status = latest()?.status
  // Cards that were empty a moment ago would move each other when they fill.
  if (status === undefined) {
    return (
      <div class="page">
        <Head />
        <Alerts />
      </div>
    )
  }
  return (
    <div class="page">
      <Head />
      <Alerts />
      <Tiles samples={samples.value} />
      <div class="grid-2">
        <ThroughputCard samples={samples.value} />
        <StorageCard storage={status.storage} rates={latest()?.rates ?? null} history={status.history ?? []} />
      </div>
      <div class="grid-2 even">
        <LoopsCard loops={status.loops ?? []} />
        <ListenersCard listeners={status.listeners ?? []} />
      </div>
      <div class="grid-2 even">
        <StationsCard stations={status.stations ?? []} />
        <BridgesCard bridges={status.bridges ?? []} />
      </div>
    </div>
  )
}

function Head() {
  const status = latest()?.status
  return (
    <header class="page-head">
      <h1>Overview</h1>
      <p class="soft small number">
        {status === undefined
          ? '\u00a0'
          : `${countText(status.subscriptions)} subscriptions · up for ${durationText(status.uptime_seconds)}`}
      </p>
    </header>
  )
}

function Alerts() {
  const status = latest()?.status
  const alerts = status === undefined ? [] : alertsOf(status, earlier())
  return (
    <section aria-label="Alerts" aria-live="polite" class="alerts">
      {alerts.length === 0 ? (
        <p class="quiet-line">
          <Pill tone={status === undefined ? 'neutral' : 'good'}>
            {status === undefined ? 'Asking the broker…' : 'Nothing needs your attention'}
          </Pill>
        </p>
      ) : (
        alerts.map((alert) => (
          <Notice key={alert.key} level={alert.level} title={`${alert.title}.`}>
            {alert.detail}
          </Notice>
        ))
      )}
    </section>
  )
}
