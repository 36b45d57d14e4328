import { checkExtension, type BudgetExtension } from '../define/budget.ts'
import { invalidOption } from '../define/check.ts'
import { runStream } from '../feed/streams.ts'
import type { CommittedEvents } from '../history/event.ts'
import { sendCommand } from '../run/commands.ts'
import type { Engine } from '../run/engine.ts'

/** More for the limits of one run. */
interface Extension {
  readonly runId: string
  readonly more: BudgetExtension
  readonly commandId: string | undefined
}

/** Records an extension. A limit that the run does not have is unlimited already, so adding to it is a mistake. */
export async function extendRun(engine: Engine, { runId, more, commandId }: Extension): Promise<void> {
  const refuse = (field: string, why: string): never => invalidOption('runs.extend', field, why)
  checkExtension(more, refuse)
  const given = Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined))
  const [first] = await engine.journal.read(runStream(runId), { after: 0, limit: 1 })
  if (first !== undefined) {
    const { budget, timeoutMs } = first.data as unknown as CommittedEvents['run.started']
    const limits: BudgetExtension = { ...budget, ...(timeoutMs > 0 && { timeoutMs }) }
    const unlimited = Object.keys(given).find((name) => !(name in limits))
    if (unlimited !== undefined) refuse(unlimited, `the run "${runId}" has no such limit`)
  }
  await sendCommand(engine, runId, { type: 'extend', more: given }, commandId)
}
