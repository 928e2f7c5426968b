// SPDX-License-Identifier: Apache-2.0

export const kPages = ['overview', 'topics', 'clients', 'live'] as const
export type Page = (typeof kPages)[number]

export interface Route {
  page: Page
  // A topic or a Client Identifier; empty if none is chosen.
  subject: string
}

// "#/topics/home%2Fkitchen": behind the # nothing reaches a server or its log.
export function parseRoute(hash: string): Route {
  const [, page, subject] = /^#\/(\w+)(?:\/(.*))?$/s.exec(hash) ?? []
  const known = kPages.find((each) => each === page)
  return known === undefined ? { page: 'overview', subject: '' } : { page: known, subject: decodeSubject(subject ?? '') }
}

export function routeHash(page: Page, subject = ''): string {
  return subject === '' ? `#/${page}` : `#/${page}/${encodeURIComponent(subject)}`
}

function decodeSubject(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}
