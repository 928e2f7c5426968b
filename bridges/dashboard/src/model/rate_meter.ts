// SPDX-License-Identifier: Apache-2.0

const kSeconds = 5

// Events per second, the last five seconds counting most. Two numbers, so that each of 50,000 topics may have one.
export class RateMeter {
  private rate = 0
  private time = 0

  add(time: number): void {
    this.rate = this.at(time) + 1 / kSeconds
    this.time = Math.max(this.time, time)
  }

  at(time: number): number {
    const seconds = Math.max(0, time - this.time) / 1000
    const rate = this.rate * Math.exp(-seconds / kSeconds)
    return rate < 0.005 ? 0 : rate
  }
}

// Growth per second between two readings of a counter. A counter that is smaller than before has begun anew.
export function growth(before: number, after: number, milliseconds: number): number {
  if (milliseconds <= 0) return 0
  return ((after < before ? after : after - before) * 1000) / milliseconds
}
