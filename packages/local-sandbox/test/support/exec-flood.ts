/** A host of its own under floods: prints what was kept of them and how much it grew. */

import { openExecPlace } from './exec-place.ts'

const cap = 1_000_001
const { commands, remove } = openExecPlace()
await commands.exec('true')
const before = process.memoryUsage.rss()
let most = before
const look = setInterval(() => {
  most = Math.max(most, process.memoryUsage.rss())
}, 20)
const output = (error: { readonly output: { readonly stdout: Uint8Array } }) => error.output
const yes = await commands.exec('yes', { maxOutputBytes: cap, timeoutMs: 1500 }).catch(output)
const lines = await commands.exec('seq', { args: ['1000000'], maxOutputBytes: cap })
clearInterval(look)
most = Math.max(most, process.memoryUsage.rss())
await remove()
console.log(JSON.stringify({ yes: yes.stdout.length, lines: lines.stdout.length, growth: most - before }))
