// SPDX-License-Identifier: Apache-2.0
import type { Status } from '../api/shapes'
import { bytesText, countText, plural } from './number_text'

export interface Alert {
  // Stays the same while the alert lasts.
  key: string
  level: 'error' | 'warning'
  title: string
  detail: string
}

const kReasons: Record<string, string> = {
  queue_full: 'a full queue',
  too_large: 'a packet larger than the client takes',
  expired: 'its expiry',
  not_authorized: 'the access rules',
  offline: 'a client that is away',
  retained_full: 'the limit of Retained Messages',
  not_stored: 'a store that takes nothing'
}

// Why a message may have been dropped: drops that somebody asked for are none of these.
const kHarmless = new Set(['expired', 'offline'])

// What somebody who runs the broker has to know. `before` is the status of a while ago: counters that grew since are news.
export function alertsOf(status: Status, before: Status | null): Alert[] {
  return [...storageAlerts(status), ...counterAlerts(status, before), ...loopAlerts(status), ...neighbourAlerts(status)]
}

function storageAlerts({ storage }: Status): Alert[] {
  if (storage === undefined) return []
  if (storage.failing) {
    const detail = storage.failure ?? 'Messages that would have to be stored are refused.'
    return [{ key: 'storage', level: 'error', title: 'The store takes nothing', detail }]
  }
  const full = storage.max_bytes ? (storage.size_bytes ?? 0) / storage.max_bytes : 0
  if (full < 0.9) return []
  const detail = `${bytesText(storage.size_bytes)} of ${bytesText(storage.max_bytes)} are used.`
  return [{ key: 'storage-full', level: 'warning', title: 'The store is nearly full', detail }]
}

function counterAlerts(status: Status, before: Status | null): Alert[] {
  if (before === null || (status.uptime_seconds ?? 0) < (before.uptime_seconds ?? 0)) return []
  const alerts: Alert[] = []
  const grown = (now: number | undefined, then: number | undefined): number => Math.max(0, (now ?? 0) - (then ?? 0))
  for (const [reason, count] of Object.entries(status.dropped ?? {})) {
    const dropped = grown(count, before.dropped?.[reason])
    if (dropped === 0 || kHarmless.has(reason)) continue
    const detail = `In the last minutes, because of ${kReasons[reason] ?? reason.replace(/_/g, ' ')}.`
    alerts.push({ key: `dropped-${reason}`, level: 'warning', title: `${plural(dropped, 'message')} dropped`, detail })
  }
  const refused = grown(status.logins_refused, before.logins_refused)
  if (refused > 0) {
    const title = `${plural(refused, 'login')} refused`
    alerts.push({ key: 'logins', level: 'warning', title, detail: 'In the last minutes: a wrong user name or password.' })
  }
  return alerts
}

function loopAlerts(status: Status): Alert[] {
  const busy = (status.loops ?? []).flatMap((loop, index) => ((loop.busy ?? 0) > 0.9 ? [index] : []))
  if (busy.length === 0) return []
  const detail = `${busy.length === 1 ? 'Loop' : 'Loops'} ${busy.join(', ')} of ${countText(status.loops?.length)}.`
  return [{ key: 'loops', level: 'warning', title: 'Event loops are at their limit', detail }]
}

function neighbourAlerts(status: Status): Alert[] {
  const bridges = (status.bridges ?? []).filter((bridge) => bridge.state === 'failed')
  const stations = (status.stations ?? []).filter((station) => station.state === 'silent')
  return [
    ...bridges.map((bridge): Alert => ({
      key: `bridge-${bridge.name}`,
      level: 'error',
      title: `Bridge ${bridge.name} has failed`,
      detail: bridge.failure ?? 'It tries again by itself.'
    })),
    ...stations.map((station): Alert => ({
      key: `station-${station.name}`,
      level: 'warning',
      title: `Station ${station.name} is silent`,
      detail: 'It has sent nothing for longer than its configuration allows.'
    }))
  ]
}
