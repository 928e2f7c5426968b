// SPDX-License-Identifier: Apache-2.0

const kBytesMax = 65_535

// What is wrong with a Topic Filter, in words for who typed it; null if nothing is.
export function topicFilterFault(filter: string): string | null {
  if (filter === '') return 'A filter has at least one character.'
  if (tooLong(filter)) return 'A filter has at most 65,535 bytes.'
  if (filter.includes('\u0000')) return 'A filter has no null character.'
  const shared = /^\$share\/([^/]*)\/?(.*)$/s.exec(filter)
  if (shared !== null) {
    if (shared[1] === '' || /[+#]/.test(shared[1] ?? '')) return 'A share name has no + and no #, and is not empty.'
    return topicFilterFault(shared[2] ?? '')
  }
  const levels = filter.split('/')
  for (const [index, level] of levels.entries()) {
    if (level.includes('#') && (level !== '#' || index < levels.length - 1)) return '# stands alone, as the last level.'
    if (level.includes('+') && level !== '+') return '+ stands alone in its level.'
  }
  return null
}

export function topicNameFault(topic: string): string | null {
  if (topic === '') return 'A topic has at least one character.'
  if (tooLong(topic)) return 'A topic has at most 65,535 bytes.'
  if (/[+#]/.test(topic)) return 'A topic to publish to has no + and no #.'
  if (topic.includes('\u0000')) return 'A topic has no null character.'
  return null
}

export function matchesFilter(filter: string, topic: string): boolean {
  const wanted = filter.replace(/^\$share\/[^/]*\//s, '').split('/')
  const levels = topic.split('/')
  if (topic.startsWith('$') && (wanted[0] === '#' || wanted[0] === '+')) return false
  for (const [index, level] of wanted.entries()) {
    if (level === '#') return true
    if (index >= levels.length || (level !== '+' && level !== levels[index])) return false
  }
  return wanted.length === levels.length
}

function tooLong(text: string): boolean {
  return text.length > kBytesMax || new TextEncoder().encode(text).length > kBytesMax
}
