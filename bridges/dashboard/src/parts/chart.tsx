// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { themeVersion } from './theme'

export interface ChartProps {
  // Seconds since 1970, and a column of values per series.
  columns: [number[], ...(number | null)[][]]
  labels: string[]
  height: number
  // What a screen reader says instead of the picture.
  description: string
  valueText: (value: number) => string
  axisText: (value: number) => string
  fromZero?: boolean
  // The span of time shown, whatever the points cover.
  from?: number
  to?: number
  steps?: boolean
  points?: boolean
}

export function Chart(props: ChartProps) {
  const frame = useRef<HTMLDivElement>(null)
  const readout = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const current = useRef(props)
  current.current = props
  const theme = themeVersion.value

  useEffect(() => {
    const element = frame.current
    if (element === null) return
    const made = new uPlot(optionsOf(current, element, readout), current.current.columns, element)
    plot.current = made
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: current.current.height }))
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.destroy()
      plot.current = null
    }
  }, [theme, props.labels.join('\n'), props.steps, props.points])

  useEffect(() => {
    plot.current?.setData(props.columns)
  }, [props.columns, props.from, props.to])

  return (
    <div class="chart" style={{ height: `${props.height}px` }} role="img" aria-label={props.description}>
      <div ref={readout} class="readout" aria-hidden="true" />
      <div ref={frame} />
    </div>
  )
}

interface Reference<Value> {
  current: Value
}

function optionsOf(
  current: Reference<ChartProps>,
  element: HTMLElement,
  readout: Reference<HTMLDivElement | null>
): uPlot.Options {
  const style = getComputedStyle(document.documentElement)
  const color = (name: string): string => style.getPropertyValue(name).trim()
  const axis: uPlot.Axis = {
    stroke: color('--text-soft'),
    font: `12px ${color('--font')}`,
    grid: { stroke: color('--line'), width: 1 },
    ticks: { show: false }
  }
  const axisText = (value: number): string => current.current.axisText(value)
  return {
    width: element.clientWidth,
    height: current.current.height,
    legend: { show: false },
    padding: [24, 20, 0, 0],
    cursor: { y: false, drag: { setScale: false, x: false }, points: { size: 7 } },
    scales: { x: { range: (_, low, high) => xRange(current.current, low, high) }, y: { range: yRange(current) } },
    axes: [
      { ...axis, space: 70, size: 30, values: (_, splits, __, ___, increment) => splits.map((time) => timeLabel(time, increment)) },
      { ...axis, size: 56, values: (_, splits) => splits.map(axisText) }
    ],
    series: [{}, ...current.current.labels.map((label, index) => seriesOf(label, index, color, current.current))],
    hooks: { setCursor: [(plot) => tell(plot, readout.current, current.current)] }
  }
}

function seriesOf(label: string, index: number, color: (name: string) => string, props: ChartProps): uPlot.Series {
  const stroke = color(`--series-${index + 1}`)
  return {
    label,
    stroke,
    width: 1.75,
    fill: `${stroke}1c`,
    points: { show: props.points === true, size: 4, fill: stroke },
    ...(props.steps === true && uPlot.paths.stepped !== undefined ? { paths: uPlot.paths.stepped({ align: 1 }) } : {})
  }
}

function xRange(props: ChartProps, low: number, high: number): uPlot.Range.MinMax {
  const to = props.to ?? high
  const from = props.from ?? low
  return from < to ? [from, to] : [to - 30, to + 30]
}

function yRange(current: Reference<ChartProps>): uPlot.Range.Function {
  return (_, low, high) => {
    if (low === null || high === null) return [0, 1]
    const bottom = current.current.fromZero === true ? Math.min(0, low) : low
    const pad = (high - bottom || Math.abs(high) || 1) * 0.1
    return [current.current.fromZero === true && low >= 0 ? 0 : bottom - pad, high + pad]
  }
}

function timeLabel(seconds: number, increment: number): string {
  const date = new Date(seconds * 1000)
  const two = (number: number): string => String(number).padStart(2, '0')
  if (increment >= 86400) return `${two(date.getMonth() + 1)}-${two(date.getDate())}`
  const minutes = `${two(date.getHours())}:${two(date.getMinutes())}`
  return increment < 60 ? `${minutes}:${two(date.getSeconds())}` : minutes
}

function tell(plot: uPlot, readout: HTMLDivElement | null, props: ChartProps): void {
  if (readout === null) return
  const index = plot.cursor.idx
  const time = index === null || index === undefined ? undefined : plot.data[0]?.[index]
  if (time === undefined || index === null || index === undefined) {
    readout.textContent = ''
    return
  }
  const values = props.labels.map((label, series) => {
    const value = plot.data[series + 1]?.[index]
    const text = value === null || value === undefined ? '–' : props.valueText(value)
    return props.labels.length > 1 ? `${label} ${text}` : text
  })
  readout.textContent = `${new Date(time * 1000).toLocaleTimeString('en-GB')} · ${values.join(' · ')}`
}
