// SPDX-License-Identifier: Apache-2.0
import type { TopicNode, TopicTree } from './topic_tree'

export interface TreeRow {
  node: TopicNode
  open: boolean
  // Of this node among its visible siblings, counted from 1.
  position: number
  siblings: number
}

// What of the tree is to be seen, from top to bottom. With a search: topics that contain it, and what lies above them.
export function visibleRows(tree: TopicTree, search: string): TreeRow[] {
  const wanted = search === '' ? null : matchingNodes(tree, search.toLowerCase())
  const rows: TreeRow[] = []
  addRows(rows, tree.root, wanted)
  return rows
}

function addRows(rows: TreeRow[], parent: TopicNode, wanted: Set<TopicNode> | null): void {
  const children = wanted === null ? parent.inOrder() : parent.inOrder().filter((node) => wanted.has(node))
  children.forEach((node, index) => {
    const open = node.children.size > 0 && (wanted !== null || node.expanded)
    rows.push({ node, open, position: index + 1, siblings: children.length })
    if (open) addRows(rows, node, wanted)
  })
}

function matchingNodes(tree: TopicTree, search: string): Set<TopicNode> {
  const wanted = new Set<TopicNode>()
  const waiting = [...tree.root.children.values()]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node.last !== null && node.topic.toLowerCase().includes(search)) {
      for (let each: TopicNode | null = node; each !== null && !wanted.has(each); each = each.parent) wanted.add(each)
    }
    for (const child of node.children.values()) waiting.push(child)
  }
  return wanted
}

export type TreeKey = 'ArrowDown' | 'ArrowUp' | 'ArrowLeft' | 'ArrowRight' | 'Home' | 'End' | 'PageDown' | 'PageUp'

export interface TreeMove {
  // The row to go to, or -1.
  index: number
  toggle: boolean
}

// What a key does in a tree, by the pattern of the ARIA Authoring Practices.
export function moveInTree(rows: TreeRow[], index: number, key: string, page: number): TreeMove | null {
  const last = rows.length - 1
  if (last < 0) return null
  const to = (row: number): TreeMove => ({ index: Math.max(0, Math.min(last, row)), toggle: false })
  const row = rows[index]
  switch (key as TreeKey) {
    case 'ArrowDown':
      return to(index + 1)
    case 'ArrowUp':
      return to(index < 0 ? 0 : index - 1)
    case 'Home':
      return to(0)
    case 'End':
      return to(last)
    case 'PageDown':
      return to(index + page)
    case 'PageUp':
      return to(index - page)
    case 'ArrowRight':
      if (row === undefined || row.node.children.size === 0) return null
      return row.open ? to(index + 1) : { index, toggle: true }
    case 'ArrowLeft':
      if (row === undefined) return null
      if (row.open) return { index, toggle: true }
      return to(rows.findIndex((each) => each.node === row.node.parent))
    default:
      return null
  }
}
