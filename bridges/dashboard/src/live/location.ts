// SPDX-License-Identifier: Apache-2.0
import { signal } from '@preact/signals'
import { parseRoute, routeHash, type Page } from '../model/route'

export const route = signal(parseRoute(location.hash))

addEventListener('hashchange', () => {
  route.value = parseRoute(location.hash)
})

export function goTo(page: Page, subject = ''): void {
  location.hash = routeHash(page, subject)
}

// The same without a step for the Back button: moving along a list is no journey.
export function replaceRoute(page: Page, subject = ''): void {
  history.replaceState(null, '', routeHash(page, subject))
  route.value = parseRoute(location.hash)
}
