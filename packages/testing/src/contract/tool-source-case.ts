import assert from 'node:assert/strict'
import type {
  JsonObject,
  SourceCallOptions,
  SourceConnection,
  SourcedResult,
  SourcedTool,
  ToolSource,
} from '@belay/core/ports'
import { recordingLogger } from '../fakes/recording-logger.ts'
import { outcomeOf, skipCase } from './contract.ts'
import type { CaseOf, ContractCase } from './contract.ts'

/**
 * A source with agreed tools, whatever the names that it gives them:
 * - `echo`: takes `{ text: string }`, required, and answers with that text; says that it is read-only.
 * - `fail`: takes an empty object and answers with an error result whose text holds `failed on purpose`.
 * - `slow`: takes an empty object and answers only after a minute, or when its call is cancelled.
 */
export interface ToolSourceSubject {
  readonly source: ToolSource
  /** Names of the tools as the source lists them. */
  readonly tools: { readonly echo: string; readonly fail: string; readonly slow: string }
  /** How many calls of `slow` the other side is busy with; absent where it cannot be asked. */
  slowCalls?(): number | Promise<number>
  /** How often `echo` was carried out on the other side; absent where it cannot be asked. */
  echoCalls?(): number | Promise<number>
  /** Changes the description of `echo` on the other side; absent where it cannot be done. */
  changeEcho?(): void | Promise<void>
  /** Ends the other side, as a crash would; it can be opened again. Absent where it cannot be done. */
  crash?(): void | Promise<void>
  close(): Promise<void>
}

/** Makes fresh subjects. */
export type ToolSourceSubjectFactory = () => Promise<ToolSourceSubject>

/** What a case works with. */
export interface OpenedSource extends ToolSourceSubject {
  readonly connection: SourceConnection
  /** One more connection, of another session. */
  connect(signal?: AbortSignal): Promise<SourceConnection>
  /** Calls a tool in the version that is listed now, on the first connection. */
  call(name: string, input: JsonObject, options?: Partial<SourceCallOptions>): Promise<SourcedResult>
}

/** A case about a source. */
export type SourceCase = CaseOf<OpenedSource>

let calls = 0

/** Options of one call. */
export function callOptions(version: string, more: Partial<SourceCallOptions> = {}): SourceCallOptions {
  calls += 1
  return { signal: new AbortController().signal, idempotencyKey: `call-${calls}`, version, ...more }
}

/** The tool of a name in a list. */
export function toolIn(tools: readonly SourcedTool[], name: string): SourcedTool {
  const found = tools.find((tool) => tool.name === name)
  assert.ok(found !== undefined, `the source does not list ${name}`)
  return found
}

/** Gives each case a fresh source with one connection. */
export function bindSourceCases(
  cases: readonly SourceCase[],
  subjects: ToolSourceSubjectFactory,
): readonly ContractCase[] {
  return cases.map(({ title, needs, run }) => ({
    title,
    ...(needs === undefined ? {} : { needs }),
    run: () =>
      outcomeOf(async () => {
        const subject = await subjects()
        let sessions = 0
        const connect = (signal?: AbortSignal): Promise<SourceConnection> => {
          sessions += 1
          return subject.source.open({
            sessionId: `session-${sessions}`,
            sandbox: () => skipCase('this contract has no sandbox; give the source one of its own'),
            logger: recordingLogger(),
            ...(signal !== undefined && { signal }),
          })
        }
        try {
          const connection = await connect()
          await run({
            ...subject,
            connection,
            connect,
            call: async (name, input, options) => {
              const { version } = toolIn(await connection.list(), name)
              return connection.call(name, input, callOptions(version, options))
            },
          })
        } finally {
          await Promise.allSettled([subject.source.close()])
          await subject.close()
        }
      }),
  }))
}
