// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kTreeLimits, splitTopic, TopicTree } from '../src/model/topic_tree'
import { moveInTree, visibleRows } from '../src/model/tree_rows'
import { message } from './message'

function treeOf(...topics: string[]): TopicTree {
  const tree = new TopicTree({ ...kTreeLimits, openTopicsMax: 0 })
  for (const topic of topics) tree.apply(message(topic, '1'))
  return tree
}

const names = (tree: TopicTree, search = ''): string[] => visibleRows(tree, search).map((row) => row.node.topic)

test('topics become nodes, and each node knows how many topics are below it', () => {
  const tree = treeOf('home/a/x', 'home/a/y', 'home/b', 'home')
  assert.equal(tree.topics, 4)
  assert.equal(tree.find('home')?.topics, 4)
  assert.equal(tree.root.children.get('home')?.children.get('a')?.topics, 2)
  tree.apply(message('home/b', '2'))
  assert.equal(tree.topics, 4)
  assert.equal(tree.find('home/b')?.messages, 2)
})

test('levels without a name are levels', () => {
  const tree = treeOf('/a', 'a/', '//')
  assert.deepEqual(
    ['/a', 'a/', '//'].map((topic) => tree.find(topic)?.topic),
    ['/a', 'a/', '//']
  )
  assert.equal(tree.topics, 3)
  tree.expandAll(true)
  assert.deepEqual(names(tree), ['', '/', '//', '/a', 'a', 'a/'])
})

test('a topic of very many levels takes few nodes, and keeps its name', () => {
  assert.deepEqual(splitTopic('a/b/c/d', 3), ['a', 'b', 'c/d'])
  const deep = 'x/'.repeat(32_000)
  const tree = treeOf(deep)
  assert.equal(tree.find(deep)?.topic, deep)
  assert.equal(tree.find(deep)?.level, kTreeLimits.levelsMax - 1)
})

test('past the limit topics are counted and not kept, and known ones go on', () => {
  const tree = new TopicTree({ ...kTreeLimits, topicsMax: 2 })
  for (const topic of ['a', 'b', 'c', 'a']) tree.apply(message(topic, '1'))
  assert.equal(tree.topics, 2)
  assert.equal(tree.refused, 1)
  assert.equal(tree.find('a')?.messages, 2)
})

test('the retained flag follows what publishers retain and clear', () => {
  const tree = treeOf()
  const retained = (): boolean | undefined => tree.find('t')?.retained
  tree.apply(message('t', '1', { retain: true, replayed: true }))
  assert.equal(retained(), true)
  tree.apply(message('t', '2'))
  assert.equal(retained(), true)
  tree.apply(message('t', '', { retain: true }))
  assert.equal(retained(), false)
})

test('Retained Messages that come with the subscription are no traffic', () => {
  const tree = treeOf()
  tree.apply(message('t', '1', { retain: true, replayed: true, time: 1000 }))
  assert.equal(tree.messages, 0)
  assert.equal(tree.rate.at(1000), 0)
  assert.equal(tree.find('t')?.messages, 0)
})

test('of a long payload the beginning is kept, and the true length', () => {
  const tree = new TopicTree({ ...kTreeLimits, payloadBytesMax: 4 })
  tree.apply(message('t', 'abcdefgh'))
  assert.equal(tree.find('t')?.last?.payload.length, 4)
  assert.equal(tree.find('t')?.last?.bytes, 8)
})

test('names that a program would trip over are names', () => {
  const tree = treeOf('__proto__/constructor', 'toString')
  assert.equal(tree.find('__proto__/constructor')?.messages, 1)
  assert.equal(tree.find('hasOwnProperty'), undefined)
})

test('rows are in the order of their names, numbers by their value', () => {
  const tree = treeOf('s10', 's2', 'a', 's1')
  assert.deepEqual(names(tree), ['a', 's1', 's2', 's10'])
})

test('a small tree is open, a large one closed, and what somebody opened stays', () => {
  const tree = new TopicTree({ ...kTreeLimits, openTopicsMax: 3 })
  for (const topic of ['a/1', 'a/2', 'b/1']) tree.apply(message(topic, '1'))
  assert.deepEqual(names(tree), ['a', 'a/1', 'a/2', 'b', 'b/1'])
  tree.apply(message('c/1', '1'))
  assert.deepEqual(names(tree), ['a', 'b', 'c'])
  tree.clear()
  for (const topic of ['a/1', 'b/1']) tree.apply(message(topic, '1'))
  tree.toggle(tree.find('a/1')?.parent ?? tree.root)
  for (const topic of ['b/2', 'b/3', 'c/1']) tree.apply(message(topic, '1'))
  assert.deepEqual(names(tree), ['a', 'b', 'b/1', 'b/2', 'b/3', 'c'])
})

test('a search opens the way to what it finds, and shows nothing else', () => {
  const tree = treeOf('home/kitchen/temperature', 'home/hall/humidity', 'plant/a')
  assert.deepEqual(names(tree), ['home', 'plant'])
  assert.deepEqual(names(tree, 'TEMP'), ['home', 'home/kitchen', 'home/kitchen/temperature'])
  assert.deepEqual(names(tree, 'nothing'), [])
})

test('keys move through the tree as the ARIA practices say', () => {
  const tree = treeOf('a/x', 'a/y', 'b')
  let rows = visibleRows(tree, '')
  assert.deepEqual(moveInTree(rows, 0, 'ArrowRight', 5), { index: 0, toggle: true })
  tree.expandAll(true)
  rows = visibleRows(tree, '')
  assert.deepEqual(moveInTree(rows, 0, 'ArrowRight', 5), { index: 1, toggle: false })
  assert.deepEqual(moveInTree(rows, 2, 'ArrowLeft', 5), { index: 0, toggle: false })
  assert.deepEqual(moveInTree(rows, 0, 'ArrowLeft', 5), { index: 0, toggle: true })
  assert.deepEqual(moveInTree(rows, 3, 'ArrowDown', 5), { index: 3, toggle: false })
  assert.deepEqual(moveInTree(rows, 3, 'Home', 5), { index: 0, toggle: false })
  assert.equal(moveInTree(rows, 3, 'ArrowRight', 5), null)
  assert.equal(moveInTree([], 0, 'ArrowDown', 5), null)
  assert.deepEqual(
    rows.map((row) => [row.position, row.siblings]),
    [
      [1, 2],
      [1, 2],
      [2, 2],
      [2, 2]
    ]
  )
})
