// SPDX-License-Identifier: Apache-2.0
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { secondClock } from '../../live/painting'
import { topicLink, tree, treePainter } from '../../live/topic_feed'
import { countText, rateText } from '../../model/number_text'
import { payloadPreview, visibleText } from '../../model/payload_text'
import type { TopicNode } from '../../model/topic_tree'
import { moveInTree, visibleRows, type TreeRow } from '../../model/tree_rows'
import { Icon } from '../../parts/icon'
import { EmptyState } from '../../parts/small'
import { showRow, VirtualList } from '../../parts/virtual_list'

const kRowHeight = 34
const kPreviewMax = 80

export interface TopicTreeProps {
  search: string
  selected: string
  onSelect: (topic: string) => void
}

export function TopicTreeView({ search, selected, onSelect }: TopicTreeProps) {
  treePainter.version.value
  const frame = useRef<HTMLDivElement>(null)
  const [active, setActive] = useState<TopicNode | null>(null)
  const rows = useMemo(() => visibleRows(tree, search), [tree.shape, search])
  const activeIndex = active === null ? -1 : rows.findIndex((row) => row.node === active)
  const now = secondClock.value
  useRevealed(selected)

  if (rows.length === 0) return <NoTopics search={search} />

  const toggle = (node: TopicNode): void => {
    tree.toggle(node)
    treePainter.now()
  }
  const press = (row: TreeRow): void => {
    setActive(row.node)
    if (row.node.last !== null) onSelect(row.node.topic)
    else toggle(row.node)
  }
  const keyDown = (event: KeyboardEvent): void => {
    const row = rows[activeIndex]
    if ((event.key === 'Enter' || event.key === ' ') && row !== undefined) {
      event.preventDefault()
      press(row)
      return
    }
    const page = Math.floor((frame.current?.clientHeight ?? 0) / kRowHeight)
    const move = moveInTree(rows, activeIndex, event.key, page)
    if (move === null) return
    event.preventDefault()
    const target = rows[move.index]
    if (target === undefined) return
    if (move.toggle) toggle(target.node)
    setActive(target.node)
    showRow(frame.current, move.index, kRowHeight)
  }

  return (
    <VirtualList
      frame={frame}
      class="tree"
      count={rows.length}
      rowHeight={kRowHeight}
      attributes={{
        role: 'tree',
        tabIndex: 0,
        'aria-label': 'Topics',
        'aria-activedescendant': activeIndex < 0 ? undefined : rowId(activeIndex),
        onKeyDown: keyDown,
        onFocus: () => active === null && setActive(rows[0]?.node ?? null)
      }}
      row={(index) => {
        const row = rows[index]
        if (row === undefined) return null
        return (
          <TreeRowView
            key={row.node.topic}
            row={row}
            index={index}
            now={now}
            selected={row.node.topic === selected && row.node.last !== null}
            active={row.node === active}
            onPress={() => press(row)}
            onToggle={() => toggle(row.node)}
          />
        )
      }}
    />
  )
}

function rowId(index: number): string {
  return `topic-row-${index}`
}

interface TreeRowProps {
  row: TreeRow
  index: number
  now: number
  selected: boolean
  active: boolean
  onPress: () => void
  onToggle: () => void
}

function TreeRowView({ row, index, now, selected, active, onPress, onToggle }: TreeRowProps) {
  const { node } = row
  const inner = node.children.size > 0
  const rate = node.rate.at(now)
  const toggle = (event: Event): void => {
    event.stopPropagation()
    onToggle()
  }
  return (
    <div
      id={rowId(index)}
      class={`tree-row ${selected ? 'selected' : ''} ${active ? 'active' : ''}`}
      role="treeitem"
      aria-level={node.level + 1}
      aria-posinset={row.position}
      aria-setsize={row.siblings}
      aria-expanded={inner ? row.open : undefined}
      aria-selected={selected}
      style={{ paddingLeft: `${8 + Math.min(node.level, 12) * 16}px` }}
      onClick={onPress}
    >
      <span class={`chevron ${row.open ? 'open' : ''}`} onClick={inner ? toggle : undefined}>
        {inner ? <Icon name="chevron" /> : null}
      </span>
      <span class="name cut">{node.name === '' ? <i class="soft">(empty)</i> : visibleText(node.name.slice(0, 200))}</span>
      {inner ? <span class="count number">{countText(node.topics)}</span> : null}
      <span class="value cut">{preview(node)}</span>
      <span class="retained" title={node.retained ? 'Retained' : undefined}>
        {node.retained ? (
          <>
            <Icon name="pin" />
            <span class="unseen">retained</span>
          </>
        ) : null}
      </span>
      <span class="rate number">{rate === 0 ? '' : `${rateText(rate)}/s`}</span>
    </div>
  )
}

function preview(node: TopicNode): string {
  if (node.last === null) return ''
  return node.last.bytes === 0 ? '(empty)' : payloadPreview(node.last.payload, kPreviewMax)
}

// Opens the tree above a topic that was chosen by the address, once it is there.
function useRevealed(selected: string): void {
  const shown = useRef('')
  const node = selected === '' ? undefined : tree.find(selected)
  useEffect(() => {
    if (node === undefined || shown.current === selected) return
    shown.current = selected
    tree.reveal(node)
    treePainter.now()
  }, [node, selected])
}

function NoTopics({ search }: { search: string }) {
  if (search !== '') return <EmptyState icon="search" title="No topic like this">Nothing that has come so far.</EmptyState>
  const connected = topicLink.value?.state.value === 'connected'
  return (
    <EmptyState icon="topics" title={connected ? 'No messages yet' : 'Connecting…'}>
      Topics appear as messages come, Retained Messages at once.
    </EmptyState>
  )
}
