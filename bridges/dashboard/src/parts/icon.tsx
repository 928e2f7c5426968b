// SPDX-License-Identifier: Apache-2.0
// Drawn for a box of 24, in lines of the colour of the text beside them.
const kPaths = {
  overview: 'M4 13.5 8 9l4 4 8-8M4 20h16M15 5h5v5',
  topics: 'M5 4v13a2 2 0 0 0 2 2h4M5 9h6M14 6.5h6v5h-6zM14 16.5h6v5h-6z',
  clients: 'M4 5h16v10H4zM9 20h6M12 15v5',
  live: 'M12 12h.01M8.5 15.5a5 5 0 0 1 0-7M15.5 8.5a5 5 0 0 1 0 7M5.6 18.4a9 9 0 0 1 0-12.8M18.4 5.6a9 9 0 0 1 0 12.8',
  search: 'M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.2 15.2 20 20',
  chevron: 'm9 6 6 6-6 6',
  back: 'm14 6-6 6 6 6',
  close: 'm6 6 12 12M18 6 6 18',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  pin: 'M9 4h6l-1 6 3 3v2H7v-2l3-3zM12 15v5',
  pause: 'M8 5v14M16 5v14',
  play: 'M7 5v14l12-7z',
  trash: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5',
  send: 'M4 12 20 4l-6 16-3-7zM11 13l9-9',
  plus: 'M12 5v14M5 12h14',
  download: 'M12 4v11M7.5 11 12 15.5 16.5 11M5 20h14',
  sun: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z',
  auto: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 3v18M12 8h7.9M12 13h8.9M12 18h6',
  logout: 'M10 4H5v16h5M10 12h10M16.5 8.5 20 12l-3.5 3.5',
  login: 'M14 4h5v16h-5M4 12h10M10.5 8.5 14 12l-3.5 3.5',
  warning: 'M12 4 2.5 20h19zM12 10v4.5M12 17.3h.01',
  error: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7.5v5.5M12 16.3h.01',
  station: 'M12 9.5h.01M8.5 13a5 5 0 0 1 0-7M15.5 6a5 5 0 0 1 0 7M12 11v9M8 20h8',
  bridge: 'M3 17V9M21 17V9M3 12c6 0 6-3 9-3s3 3 9 3M3 15h18',
  expand: 'm7 9 5-5 5 5M7 15l5 5 5-5',
  collapse: 'm7 4 5 5 5-5M7 20l5-5 5 5',
  shield: 'M12 3 5 6v5c0 5 3 8 7 10 4-2 7-5 7-10V6zM9 12l2 2 4-4',
  refresh: 'M19.5 12a7.5 7.5 0 1 1-2.2-5.3L20 9.5M20 4.5v5h-5'
} as const

export type IconName = keyof typeof kPaths

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" aria-hidden="true">
      <path d={kPaths[name]} stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  )
}

export function Brand() {
  return (
    <div class="brand">
      <svg viewBox="0 0 32 32" aria-hidden="true">
        <rect class="tile" width="32" height="32" rx="8" />
        <g class="waves">
          <path d="M6 11c3.3-3.3 6.7-3.3 10 0s6.7 3.3 10 0" />
          <path d="M6 17c3.3-3.3 6.7-3.3 10 0s6.7 3.3 10 0" opacity=".75" />
          <path d="M6 23c3.3-3.3 6.7-3.3 10 0s6.7 3.3 10 0" opacity=".5" />
        </g>
      </svg>
      <span>Runnel</span>
    </div>
  )
}
