// SPDX-License-Identifier: Apache-2.0
// What Vite makes of imports that are no TypeScript.
declare module '*.css'
