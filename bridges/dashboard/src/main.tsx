// SPDX-License-Identifier: Apache-2.0
import './style/tokens.css'
import './style/base.css'
import './style/parts.css'
import './style/layout.css'
import './style/pages.css'
import { render } from 'preact'
import { App } from './app'
import { askSession } from './live/session'

const root = document.getElementById('root')
if (root !== null) render(<App />, root)
void askSession()
