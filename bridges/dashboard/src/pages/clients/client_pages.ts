// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiError } from '../../api/request'
import { getClients, type ClientQuery } from '../../api/requests'
import type { Client } from '../../api/shapes'

const kPageSize = 100
const kRefreshMs = 4000

export interface ClientList {
  items: readonly Client[]
  total: number | null
  asked: boolean
  fault: string | null
  forbidden: boolean
  more: (() => void) | null
  refresh: () => void
}

interface Loaded {
  items: Client[]
  total: number | null
  next: string | undefined
}

// As many pages of clients as were asked for, asked anew every few seconds.
export function useClients(query: ClientQuery): ClientList {
  const [loaded, setLoaded] = useState<Loaded | null>(null)
  const [fault, setFault] = useState<string | null>(null)
  const [forbidden, setForbidden] = useState(false)
  const [pages, setPages] = useState(1)
  const [round, setRound] = useState(0)
  const key = JSON.stringify(query)
  const lastKey = useRef(key)

  if (lastKey.current !== key) {
    lastKey.current = key
    setPages(1)
  }

  useEffect(() => {
    const asking = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const again = (): void => {
      timer = setTimeout(() => (document.hidden ? again() : setRound((old) => old + 1)), kRefreshMs)
    }
    load(query, pages, asking.signal)
      .then((found) => {
        setLoaded(found)
        setFault(null)
        again()
      })
      .catch((error: unknown) => {
        if (asking.signal.aborted) return
        const status = error instanceof ApiError ? error.status : undefined
        setForbidden(status === 403)
        // That the broker is away is said once, by the banner.
        setFault(status === 0 ? null : error instanceof Error ? error.message : String(error))
        if (status !== 403) again()
      })
    return () => {
      asking.abort()
      clearTimeout(timer)
    }
  }, [key, pages, round])

  return {
    items: loaded?.items ?? [],
    total: loaded?.total ?? null,
    asked: loaded !== null,
    fault,
    forbidden,
    more: loaded?.next === undefined ? null : () => setPages((old) => old + 1),
    refresh: () => setRound((old) => old + 1)
  }
}

async function load(query: ClientQuery, pages: number, signal: AbortSignal): Promise<Loaded> {
  const items: Client[] = []
  let next: string | undefined
  let total: number | null = null
  for (let page = 0; page < pages; page++) {
    const answer = await getClients(query, kPageSize, next, signal)
    items.push(...answer.items)
    total = answer.total ?? total
    next = answer.next
    if (next === undefined) break
  }
  return { items, total: total ?? (next === undefined ? items.length : null), next }
}
