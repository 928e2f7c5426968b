// SPDX-License-Identifier: Apache-2.0
// Writes a built dashboard as C++: node asset_table.mjs DIST OUTPUT.cc.
// Each file becomes bytes, the same bytes compressed, its type and a tag made of its content.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import { gzipSync } from 'node:zlib'

const kTypes = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.json': 'application/json'
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesBelow(path) : [path]
  })
}

// A string literal holds any byte in octal; adjacent ones are one. 16,000 bytes a line keep compilers and editors at ease.
function literalOf(bytes) {
  const lines = []
  for (let at = 0; at < bytes.length; at += 16_000) {
    let line = ''
    for (const byte of bytes.subarray(at, at + 16_000)) {
      const isPlain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c && byte !== 0x3f
      line += isPlain ? String.fromCharCode(byte) : '\\' + byte.toString(8).padStart(3, '0')
    }
    lines.push(`    "${line}"`)
  }
  return lines.length === 0 ? '    ""' : lines.join('\n')
}

function assetOf(dist, file) {
  const type = kTypes[extname(file)]
  if (type === undefined) throw new Error(`${file}: no content type is known for it`)
  const bytes = readFileSync(file)
  const compressed = gzipSync(bytes, { level: 9 })
  const name = '/' + relative(dist, file).split(sep).join('/')
  return {
    path: name === '/index.html' ? '/' : name,
    type,
    tag: createHash('sha256').update(bytes).digest('hex').slice(0, 16),
    bytes,
    // No gain, no second form.
    compressed: compressed.length < bytes.length * 0.9 ? compressed : Buffer.alloc(0),
    // Vite puts a hash of the content into these names.
    immutable: name.startsWith('/assets/')
  }
}

function tableOf(assets) {
  const constants = assets.map(
    ({ bytes, compressed }, index) =>
      `constexpr char kBytes${index}[] =\n${literalOf(bytes)};\n` +
      `constexpr char kCompressed${index}[] =\n${literalOf(compressed)};\n`
  )
  const rows = assets.map(
    ({ path, type, tag, bytes, compressed, immutable }, index) =>
      `    {"${path}", "${type}", "\\"${tag}\\"", {kBytes${index}, ${bytes.length}}, ` +
      `{kCompressed${index}, ${compressed.length}}, ${immutable}},\n`
  )
  return (
    '// SPDX-License-Identifier: Apache-2.0\n// Written by asset_table.mjs.\n#include "bridges/dashboard/assets.h"\n\n' +
    `namespace runnel::dashboard {\nnamespace {\n\n${constants.join('\n')}\n` +
    `constexpr Asset kAssets[] = {\n${rows.join('')}};\n\n}  // namespace\n\n` +
    'std::span<const Asset> assets() {\n    return kAssets;\n}\n\n}  // namespace runnel::dashboard\n'
  )
}

const [dist, output] = process.argv.slice(2)
const assets = filesBelow(dist)
  .map((file) => assetOf(dist, file))
  .sort((a, b) => (a.path < b.path ? -1 : 1))
writeFileSync(output, tableOf(assets))
const compressed = assets.reduce((sum, asset) => sum + (asset.compressed.length || asset.bytes.length), 0)
console.log(`dashboard: ${assets.length} files, ${Math.round(compressed / 1024)} KiB compressed`)
// The limit that the project has set itself.
if (compressed > 200 * 1024) throw new Error('the dashboard is larger than 200 KiB')
