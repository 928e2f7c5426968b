// SPDX-License-Identifier: Apache-2.0
import { sparklinePath } from '../model/series'

const kWidth = 200
const kHeight = 36

// A picture of what the number beside it was. Screen readers hear the number.
export function Sparkline(props: { values: readonly number[]; slots: number; second?: boolean }) {
  const path = sparklinePath(props.values, kWidth, kHeight - 3, props.slots)
  const start = /^M([\d.]+)/.exec(path)?.[1] ?? '0'
  return (
    <svg
      class={props.second === true ? 'sparkline second' : 'sparkline'}
      viewBox={`0 -2 ${kWidth} ${kHeight}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {path === '' ? null : (
        <>
          <path class="area" d={`${path}L${kWidth} ${kHeight}L${start} ${kHeight}Z`} />
          <path class="stroke" d={path} />
        </>
      )}
    </svg>
  )
}
