// SPDX-License-Identifier: Apache-2.0

const kNone = '–'

// 1234 as "1,234", 12,345,678 as "12.3M".
export function countText(count: number | undefined): string {
  if (count === undefined || !Number.isFinite(count)) return kNone
  if (Math.abs(count) < 100_000) return Math.round(count).toLocaleString('en')
  const [size, unit] = Math.abs(count) < 1e6 ? [1e3, 'k'] : Math.abs(count) < 1e9 ? [1e6, 'M'] : [1e9, 'G']
  const shown = count / (size as number)
  return shown.toFixed(Math.abs(shown) < 10 ? 2 : Math.abs(shown) < 100 ? 1 : 0) + unit
}

// Per second: small ones with a fraction.
export function rateText(rate: number | undefined): string {
  if (rate === undefined || !Number.isFinite(rate)) return kNone
  if (rate === 0) return '0'
  if (rate < 0.1) return rate.toFixed(2)
  if (rate < 100) return rate.toFixed(1)
  return countText(rate)
}

// For an axis: no more digits than the number has.
export function shortText(value: number): string {
  const size = Math.abs(value)
  if (size !== 0 && (size >= 1e7 || size < 1e-3)) return value.toExponential(1)
  if (size >= 10_000) return `${Number((value / 1000).toPrecision(4))}k`
  return String(Number(value.toPrecision(6)))
}

export function bytesText(bytes: number | undefined): string {
  if (bytes === undefined || !Number.isFinite(bytes)) return kNone
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let unit = 0
  let size = bytes
  for (; size >= 1024 && unit < units.length - 1; unit++) size /= 1024
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`
}

// "3d 4h", "12m 5s": the two largest parts.
export function durationText(seconds: number | undefined): string {
  if (seconds === undefined || !Number.isFinite(seconds)) return kNone
  const whole = Math.max(0, Math.floor(seconds))
  const parts: [number, string][] = [
    [Math.floor(whole / 86400), 'd'],
    [Math.floor(whole / 3600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'm'],
    [whole % 60, 's']
  ]
  const first = parts.findIndex(([count]) => count > 0)
  if (first < 0) return '0s'
  const shown = parts.slice(first, first + 2).filter(([count]) => count > 0)
  return shown.map(([count, unit]) => `${count}${unit}`).join(' ')
}

export function agoText(time: number | undefined, now: number): string {
  if (time === undefined) return kNone
  const seconds = (now - time) / 1000
  if (seconds < 2) return 'now'
  if (seconds < 60) return `${Math.floor(seconds)}s ago`
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ago`
  if (seconds < 86400) return `${Math.floor(seconds / 3600)}h ago`
  return `${Math.floor(seconds / 86400)}d ago`
}

// The time of day in the reader's zone, with milliseconds, since messages are near each other.
export function clockText(time: number): string {
  const date = new Date(time)
  const part = (number: number, digits = 2): string => String(number).padStart(digits, '0')
  return `${part(date.getHours())}:${part(date.getMinutes())}:${part(date.getSeconds())}.${part(date.getMilliseconds(), 3)}`
}

export function dateText(time: number | undefined): string {
  if (time === undefined) return kNone
  const date = new Date(time)
  const part = (number: number): string => String(number).padStart(2, '0')
  const day = `${date.getFullYear()}-${part(date.getMonth() + 1)}-${part(date.getDate())}`
  return `${day} ${clockText(time).slice(0, 8)}`
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${countText(count)} ${count === 1 ? one : many}`
}
