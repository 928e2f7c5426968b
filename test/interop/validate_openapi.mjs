// SPDX-License-Identifier: Apache-2.0
// validate_openapi.mjs NODE_MODULES < DOCUMENT: whether it is an OpenAPI document; else what is wrong with it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const place = join(process.argv[2], '@seriousme', 'openapi-schema-validator', 'index.js')
const { Validator } = await import(pathToFileURL(place).href)
const { valid, errors } = await new Validator().validate(JSON.parse(readFileSync(0, 'utf8')))
if (!valid) console.log(JSON.stringify(errors, null, 1))
process.exit(valid ? 0 : 1)
