import assert from 'node:assert/strict'
import type { Json, Logger } from '@belay/core/ports'
import type { LoggedLine } from '../fakes/recording-logger.ts'
import { outcomeOf, skipCase } from './contract.ts'
import type { CaseOf, ContractCase } from './contract.ts'

/** A logger and what it wrote. */
export interface LoggerSubject {
  readonly logger: Logger
  /** Every line so far, as far as the logger kept it. */
  lines(): Promise<readonly LoggedLine[]>
  /** Makes writing fail from now on, where that can be done. */
  breakSink?(): void
  close?(): Promise<void>
}

/** Makes fresh subjects. */
export type LoggerSubjectFactory = () => Promise<LoggerSubject>

const levels = ['debug', 'info', 'warn', 'error'] as const

const cases: readonly CaseOf<LoggerSubject>[] = [
  {
    title: 'levels: every level writes its line with message and fields, in order',
    run: async ({ logger, lines }) => {
      for (const level of levels)
        logger[level](`at ${level}`, { level, count: 1, nested: { list: [null, true] } })
      const expected = levels.map((level) => ({
        level,
        message: `at ${level}`,
        fields: { level, count: 1, nested: { list: [null, true] } },
      }))
      assert.deepEqual(await lines(), expected)
    },
  },
  {
    title: 'levels: fields may be left out',
    run: async ({ logger, lines }) => {
      logger.info('bare')
      assert.deepEqual(await lines(), [{ level: 'info', message: 'bare', fields: {} }])
    },
  },
  {
    title: 'child: adds its fields to each line, and so do its own children',
    run: async ({ logger, lines }) => {
      const child = logger.child({ run: 'r1' })
      child.child({ step: 's1' }).warn('deep', { code: 'x' })
      child.info('shallow')
      logger.info('parent')
      assert.deepEqual(
        (await lines()).map(({ message, fields }) => [message, fields]),
        [
          ['deep', { run: 'r1', step: 's1', code: 'x' }],
          ['shallow', { run: 'r1' }],
          ['parent', {}],
        ],
      )
    },
  },
  {
    title: 'child: the fields of a line go before those of its logger',
    run: async ({ logger, lines }) => {
      logger.child({ attempt: 1 }).info('again', { attempt: 2 })
      assert.deepEqual((await lines())[0]?.fields, { attempt: 2 })
    },
  },
  {
    title: 'robust: fields that JSON cannot hold do not throw',
    run: async ({ logger }) => {
      const cyclic: Record<string, unknown> = {}
      cyclic['self'] = cyclic
      const hostile = [
        cyclic,
        { big: 1n },
        { toJSON: () => assert.fail('toJSON') },
        {
          get trap() {
            return assert.fail('getter')
          },
        },
      ]
      for (const fields of hostile) {
        for (const level of levels) logger[level]('hostile', fields as unknown as Record<string, Json>)
      }
      logger.child(cyclic as Record<string, Json>).info('hostile')
    },
  },
  {
    title: 'robust: a logger that cannot write drops and does not throw',
    run: async ({ logger, breakSink }) => {
      if (breakSink === undefined) skipCase('the sink of this logger cannot be broken')
      breakSink()
      for (const level of levels) logger[level]('lost', { a: 1 })
      logger.child({ b: 2 }).info('lost')
    },
  },
]

/** Every promise of the port logger. */
export function loggerContract(subjects: LoggerSubjectFactory): readonly ContractCase[] {
  return cases.map(({ title, run }) => ({
    title,
    run: () =>
      outcomeOf(async () => {
        const subject = await subjects()
        try {
          await run(subject)
        } finally {
          await subject.close?.()
        }
      }),
  }))
}
