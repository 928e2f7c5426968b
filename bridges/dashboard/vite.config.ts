// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs'
import { defineConfig } from 'vite'

const broker = 'http://127.0.0.1:8080'

export default defineConfig({
  // The JSX of Preact, without a plug-in.
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none' },
  build: {
    target: 'es2022',
    // Nothing as a data: address, which the Content Security Policy would refuse.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // MQTT.js is more than half of it, and is asked for when a page needs it.
    chunkSizeWarningLimit: 400
  },
  server: { proxy: { '/v1': broker, '/mqtt': { target: broker.replace('http', 'ws'), ws: true } } },
  preview: {
    headers: {
      'Content-Security-Policy': readFileSync(new URL('content_security_policy.txt', import.meta.url), 'utf8').trim()
    }
  }
})
