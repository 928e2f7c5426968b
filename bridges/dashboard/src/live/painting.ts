// SPDX-License-Identifier: Apache-2.0
import { signal, type ReadonlySignal } from '@preact/signals'

// A model that changes a thousand times a second is painted far less often: `mark` asks for a paint, which comes with an
// animation frame and no sooner than `periodMs` after the last one. Components read `version`.
export class Painter {
  private readonly versions = signal(0)
  private requested = false
  private painted = 0

  constructor(private readonly periodMs: number) {}

  get version(): ReadonlySignal<number> {
    return this.versions
  }

  mark = (): void => {
    if (this.requested) return
    this.requested = true
    const wait = this.painted + this.periodMs - performance.now()
    if (wait > 20) setTimeout(() => requestAnimationFrame(this.paint), wait)
    else requestAnimationFrame(this.paint)
  }

  // Without waiting for the period: somebody pressed a key.
  now = (): void => {
    this.versions.value++
  }

  private paint = (): void => {
    this.requested = false
    this.painted = performance.now()
    this.versions.value++
  }
}

// The time, once a second, for what says how long ago something was.
export const secondClock = signal(Date.now())
setInterval(() => {
  if (!document.hidden) secondClock.value = Date.now()
}, 1000)
