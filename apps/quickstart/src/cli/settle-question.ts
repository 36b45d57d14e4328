import type { Screen } from '../progress/view.ts'
import { askingExitCode, askingLine, askOnTerminal, questionOf, type Keyboard } from './question.ts'
import type { OpenRun, Research } from './research-run.ts'
import type { StopSignals } from './stop-signals.ts'

/** A run that asks, and where somebody may answer. */
interface Questioned {
  readonly io: { readonly stdin: Keyboard; readonly stdout: Screen }
  readonly research: Research
  readonly run: OpenRun
  readonly stop: StopSignals
}

/** Asks on a terminal and goes on; elsewhere the run waits for an answer. The exit code, when it ends here. */
export async function settleQuestion(
  { io, research, run, stop }: Questioned,
  command: string,
): Promise<number | undefined> {
  const question = questionOf(await research.asks(run.id))
  if (io.stdin.isTTY !== true || io.stdout.isTTY !== true) {
    await research.close()
    io.stdout.write(`${askingLine(question, command)}\n`)
    return askingExitCode
  }
  const enough = new AbortController()
  const settled = run.result.then(
    () => enough.abort(),
    () => enough.abort(),
  )
  void stop.asked.then(() => enough.abort())
  const decision = await askOnTerminal(question, io, enough.signal)
  if (decision === 'left') {
    await research.close()
    io.stdout.write(`\n${askingLine(question, command)}\n`)
    return askingExitCode
  }
  if (decision !== undefined) await research.answer(run.id, decision)
  const exitCode = await Promise.race([settled.then(() => undefined), stop.asked])
  if (exitCode === undefined) return undefined
  await research.close()
  io.stdout.write(`\nstopped; what is recorded stays. Go on with: ${command}\n`)
  return exitCode
}
