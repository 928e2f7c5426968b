// SPDX-License-Identifier: Apache-2.0
// The status of the broker, asked for every two seconds while the page is seen; and what of it grew, over time.
import { signal } from '@preact/signals'
import { ApiError } from '../api/request'
import { getStatus } from '../api/requests'
import type { Status, Totals } from '../api/shapes'
import { growth } from '../model/rate_meter'

const kPeriodMs = 2000
// A quarter of an hour.
const kSamplesMax = 450
const kAlertWindow = 90

export interface Rates {
  messagesIn: number
  messagesOut: number
  bytesIn: number
  bytesOut: number
  dropped: number
  commits: number
}

export interface Sample {
  time: number
  status: Status
  rates: Rates | null
}

export const samples = signal<readonly Sample[]>([])
export const statusError = signal<ApiError | null>(null)

export function latest(): Sample | null {
  return samples.value[samples.value.length - 1] ?? null
}

// The status of some minutes ago, which alerts compare with.
export function earlier(): Status | null {
  const all = samples.value
  return all[Math.max(0, all.length - kAlertWindow)]?.status ?? null
}

let timer: ReturnType<typeof setTimeout> | undefined
let running = false

export function startStatus(): void {
  if (running) return
  running = true
  document.addEventListener('visibilitychange', wake)
  void poll()
}

export function stopStatus(): void {
  running = false
  clearTimeout(timer)
  document.removeEventListener('visibilitychange', wake)
  samples.value = []
  statusError.value = null
}

function wake(): void {
  if (document.hidden) return
  clearTimeout(timer)
  void poll()
}

async function poll(): Promise<void> {
  clearTimeout(timer)
  if (document.hidden) return
  try {
    const status = await getStatus()
    if (!running) return
    add(Date.now(), status)
    statusError.value = null
  } catch (error) {
    if (!running) return
    statusError.value = error instanceof ApiError ? error : new ApiError(0, String(error))
    if (statusError.value.status === 401) return stopStatus()
  }
  clearTimeout(timer)
  // Who may not read the status will not be allowed two seconds later.
  timer = setTimeout(() => void poll(), statusError.value?.status === 403 ? 60_000 : kPeriodMs)
}

function add(time: number, status: Status): void {
  const before = latest()
  const rates = before === null ? null : ratesOf(before, time, status)
  samples.value = [...samples.value.slice(-kSamplesMax + 1), { time, status, rates }]
}

function ratesOf(before: Sample, time: number, status: Status): Rates {
  const per = (name: keyof Totals): number =>
    growth(before.status.totals?.[name] ?? 0, status.totals?.[name] ?? 0, time - before.time)
  return {
    messagesIn: per('messages_received'),
    messagesOut: per('messages_sent'),
    bytesIn: per('bytes_received'),
    bytesOut: per('bytes_sent'),
    dropped: per('messages_dropped'),
    commits: growth(before.status.storage?.commits ?? 0, status.storage?.commits ?? 0, time - before.time)
  }
}
