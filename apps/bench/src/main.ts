import { benchAgentLoop } from './agent-loop.ts'
import { benchDurableSteps } from './durable-steps.ts'
import { benchMcpEcho } from './mcp-echo.ts'
import { Report } from './report.ts'
import { benchResume } from './resume.ts'
import { benchSandboxedCommand } from './sandboxed-command.ts'
import { benchTextDeltas } from './text-deltas.ts'
import { benchWorkspaceSnapshot } from './workspace-snapshot.ts'

/** Rounds of each comparison; `--quick` is for a look, not for a record. */
const rounds = process.argv.includes('--quick') ? 3 : 11

const report = new Report()
await benchAgentLoop(report, rounds)
await benchTextDeltas(report, Math.ceil(rounds / 2))
await benchDurableSteps(report, rounds)
await benchResume(report, Math.ceil(rounds / 2))
await benchWorkspaceSnapshot(report, Math.ceil(rounds / 4))
await benchMcpEcho(report, rounds)
await benchSandboxedCommand(report, 2 * rounds + 1)
report.write('bench-report.json')
console.log(report.missed === 0 ? 'every bar holds' : `${report.missed} bars missed`)
process.exitCode = report.missed === 0 ? 0 : 1
