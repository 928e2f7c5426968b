// SPDX-License-Identifier: Apache-2.0
// Before the first paint, so that a page in the chosen theme never shows the other one. A file, since no script is inline.
try {
  const theme = localStorage.getItem('runnel-theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // Storage may be forbidden: the theme of the system then.
}
