// SPDX-License-Identifier: Apache-2.0
// Bundles each test/*.test.ts with the esbuild that Vite brings, and runs them with Node's own test runner.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'

const folder = new URL('../test/', import.meta.url).pathname
const outdir = mkdtempSync(join(tmpdir(), 'runnel-dashboard-test-'))
try {
  const tests = readdirSync(folder).filter((name) => name.endsWith('.test.ts')).sort()
  await build({
    entryPoints: tests.map((name) => join(folder, name)),
    outdir,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node18',
    sourcemap: 'inline',
    outExtension: { '.js': '.mjs' },
    logLevel: 'warning'
  })
  const built = tests.map((name) => join(outdir, name.replace(/\.ts$/, '.mjs')))
  const { status } = spawnSync(process.execPath, ['--enable-source-maps', '--test', ...built], { stdio: 'inherit' })
  process.exitCode = status ?? 1
} finally {
  rmSync(outdir, { recursive: true, force: true })
}
