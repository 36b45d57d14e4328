import { randomUUID } from 'node:crypto'
import { mkdirSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RunEvent } from '@belay/core'
import type { Model } from '@belay/core/ports'
import { repairHarness } from '../repair/repair-harness.ts'
import { repairOutput } from '../repair/schemas.ts'
import { helpText, parseArguments, type Arguments } from './arguments.ts'
import { chooseModel } from './choose-model.ts'
import { writeRepaired } from './write-repaired.ts'

const sample = fileURLToPath(new URL('../../sample', import.meta.url))

/** The program; gives its exit code: 0 the tests pass, 1 they do not or the run failed, 2 wrong usage. */
export async function runRepair(options: { readonly model?: Model } = {}): Promise<number> {
  let typed: Arguments
  try {
    typed = parseArguments(process.argv.slice(2))
    if (typed.help) {
      process.stdout.write(helpText)
      return 0
    }
    requireFolder(typed.folder ?? sample)
    mkdirSync(resolve(typed.out, 'workspaces'), { recursive: true })
  } catch (error) {
    console.error(messageOf(error))
    return 2
  }
  try {
    return await repair(typed, options.model)
  } catch (error) {
    console.error(messageOf(error))
    return 1
  }
}

async function repair(typed: Arguments, given: Model | undefined): Promise<number> {
  const chosen = given === undefined ? chooseModel(process.env) : { model: given, announcement: '' }
  if (chosen.announcement !== '') console.log(chosen.announcement)
  const out = resolve(typed.out)
  const folder = resolve(typed.folder ?? sample)
  await using harness = repairHarness({ out, folder, model: chosen.model })
  const runId = typed.run ?? `repair-${randomUUID().slice(0, 8)}`
  console.log(`run ${runId}; if it is stopped it goes on with --run ${runId}`)
  const session = await harness.getSession(`repair/${runId}`)
  const handle = await session.workflows.repair.start({ command: typed.command }, { durable: { runId } })
  for await (const event of handle.events()) {
    const line = lineOf(event)
    if (line !== undefined) console.log(line)
  }
  const { passed, changes, report } = repairOutput.parse(await handle.result)
  console.log(report)
  const written = writeRepaired(resolve(out, 'repaired', runId), changes)
  for (const path of written) console.log(`wrote ${path}`)
  console.log(passed ? 'the tests pass' : 'the tests do not pass')
  return passed ? 0 : 1
}

function lineOf(event: RunEvent): string | undefined {
  if (event.type === 'tool.finished' && 'position' in event)
    return `${event.label?.tool ?? 'tool'} ${event.key}`
  if (event.type === 'step.finished') return `step ${event.key}`
  if (event.type === 'workspace.snapshotted')
    return `  files kept: ${event.files} files, ${event.writtenBytes} new bytes`
  return undefined
}

function requireFolder(folder: string): void {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new Error(`There is no folder ${JSON.stringify(folder)}.`)
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
