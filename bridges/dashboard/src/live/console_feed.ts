// SPDX-License-Identifier: Apache-2.0
// The subscriptions of the Live page and what they bring. They last while other pages are looked at.
import { signal } from '@preact/signals'
import { MessageLog } from '../model/message_log'
import { MqttLink, type Filter } from './mqtt_link'
import { Painter } from './painting'

export const kLogMax = 5000

export const log = new MessageLog(kLogMax)
export const logPainter = new Painter(60)
export const consoleFilters = signal<readonly Filter[]>([])
export const consolePaused = signal(false)
export const consoleLink = signal<MqttLink | null>(null)

export function addFilter(filter: Filter): void {
  setFilters([...consoleFilters.value.filter((each) => each.filter !== filter.filter), filter])
}

export function removeFilter(filter: string): void {
  setFilters(consoleFilters.value.filter((each) => each.filter !== filter))
}

export function pauseConsole(paused: boolean): void {
  consolePaused.value = paused
  log.pause(paused)
  logPainter.now()
}

export function clearLog(): void {
  log.clear()
  logPainter.now()
}

export function forgetConsole(): void {
  setFilters([])
  pauseConsole(false)
  clearLog()
}

function setFilters(filters: readonly Filter[]): void {
  consoleFilters.value = filters
  if (filters.length === 0) {
    consoleLink.value?.close()
    consoleLink.value = null
    return
  }
  consoleLink.value ??= new MqttLink({
    message: (message) => {
      log.add({ ...message, payload: message.payload.slice() })
      logPainter.mark()
    }
  })
  void consoleLink.value.subscribe([...filters])
}
