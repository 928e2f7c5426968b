// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren, JSX, RefObject } from 'preact'
import { useEffect, useLayoutEffect, useState } from 'preact/hooks'

export interface VirtualListProps {
  frame: RefObject<HTMLDivElement>
  count: number
  rowHeight: number
  class?: string
  // Of the element that scrolls: role, label, keys.
  attributes?: JSX.HTMLAttributes<HTMLDivElement>
  row: (index: number) => ComponentChildren
}

const kBeyond = 6

// A list of rows of one height, of which only those near the window exist.
export function VirtualList(props: VirtualListProps) {
  const { frame, count, rowHeight } = props
  const [span, setSpan] = useState({ first: 0, rows: 40 })

  useLayoutEffect(() => {
    const element = frame.current
    if (element === null) return
    const measure = (): void => {
      const first = Math.max(0, Math.floor(element.scrollTop / rowHeight) - kBeyond)
      const rows = Math.ceil(element.clientHeight / rowHeight) + 2 * kBeyond
      setSpan((old) => (old.first === first && old.rows === rows ? old : { first, rows }))
    }
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    element.addEventListener('scroll', measure, { passive: true })
    measure()
    return () => {
      observer.disconnect()
      element.removeEventListener('scroll', measure)
    }
  }, [frame, rowHeight])

  const first = Math.min(span.first, Math.max(0, count - 1))
  const last = Math.min(count, first + span.rows)
  const rows: ComponentChildren[] = []
  for (let index = first; index < last; index++) rows.push(props.row(index))
  return (
    <div ref={frame} class={`virtual ${props.class ?? ''}`} {...props.attributes}>
      <div class="whole" role="presentation" style={{ height: `${count * rowHeight}px` }}>
        <div class="window" role="presentation" style={{ transform: `translateY(${first * rowHeight}px)` }}>
          {rows}
        </div>
      </div>
    </div>
  )
}

// Scrolls so that a row can be seen, if it cannot.
export function showRow(frame: HTMLElement | null, index: number, rowHeight: number): void {
  if (frame === null || index < 0) return
  const top = index * rowHeight
  if (top < frame.scrollTop) frame.scrollTop = top
  else if (top + rowHeight > frame.scrollTop + frame.clientHeight) frame.scrollTop = top + rowHeight - frame.clientHeight
}

// Keeps a list at its end while new rows come, unless the reader has scrolled away from it.
export function useStickToEnd(frame: RefObject<HTMLDivElement>, count: number, wanted: boolean): boolean {
  const [atEnd, setAtEnd] = useState(true)
  useEffect(() => {
    const element = frame.current
    if (element === null) return
    const look = (): void => setAtEnd(element.scrollTop + element.clientHeight >= element.scrollHeight - 40)
    element.addEventListener('scroll', look, { passive: true })
    return () => element.removeEventListener('scroll', look)
  }, [frame])
  useLayoutEffect(() => {
    if (wanted && atEnd && frame.current !== null) frame.current.scrollTop = frame.current.scrollHeight
  }, [count, wanted, atEnd, frame])
  return atEnd
}
