// SPDX-License-Identifier: Apache-2.0
import { signal } from '@preact/signals'

export type Theme = 'auto' | 'light' | 'dark'

const kKey = 'runnel-theme'

export const theme = signal<Theme>(chosen())
// Changes whenever colours do: a canvas has to be painted anew.
export const themeVersion = signal(0)

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => themeVersion.value++)

export function setTheme(next: Theme): void {
  theme.value = next
  if (next === 'auto') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = next
  themeVersion.value++
  try {
    if (next === 'auto') localStorage.removeItem(kKey)
    else localStorage.setItem(kKey, next)
  } catch {
    // Storage may be forbidden: the choice holds until the page is left.
  }
}

function chosen(): Theme {
  const set = document.documentElement.dataset.theme
  return set === 'light' || set === 'dark' ? set : 'auto'
}
