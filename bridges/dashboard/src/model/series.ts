// SPDX-License-Identifier: Apache-2.0

export interface Point {
  // Milliseconds since 1970.
  time: number
  value: number
}

// Points in the order of time, no more than a limit; the oldest go first.
export class Series {
  times: number[] = []
  values: number[] = []

  constructor(private readonly pointsMax: number) {}

  get length(): number {
    return this.times.length
  }

  add(time: number, value: number): void {
    this.times.push(time)
    this.values.push(value)
    // By a quarter at once, so that a full series does not move with every point.
    if (this.times.length > this.pointsMax * 1.25) this.dropOldest(this.times.length - this.pointsMax)
  }

  dropBefore(time: number): void {
    const first = this.times.findIndex((each) => each >= time)
    this.dropOldest(first < 0 ? this.times.length : first)
  }

  points(): Point[] {
    return this.times.map((time, index) => ({ time, value: this.values[index] ?? 0 }))
  }

  private dropOldest(count: number): void {
    if (count <= 0) return
    this.times.splice(0, count)
    this.values.splice(0, count)
  }
}

// The path of a sparkline in a box; the newest value is at the right edge. Empty with fewer than two values.
export function sparklinePath(values: readonly number[], width: number, height: number, slots: number): string {
  const shown = values.slice(-slots)
  if (shown.length < 2) return ''
  const low = Math.min(0, ...shown)
  const span = Math.max(...shown) - low || 1
  const step = width / (slots - 1)
  const left = width - step * (shown.length - 1)
  return shown
    .map((value, index) => {
      const x = left + index * step
      const y = height - ((value - low) / span) * height
      return `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`
    })
    .join('')
}
