import type { Rule } from './violation.ts'
import { ambientTime } from './rules/ambient-time.ts'
import { definitionKind } from './rules/definition-kind.ts'
import { fileSize } from './rules/file-size.ts'
import { journalAppend } from './rules/journal-append.ts'
import { machineTraces } from './rules/machine-traces.ts'
import { testRunner } from './rules/test-runner.ts'

export const rules: readonly Rule[] = [
  ambientTime,
  definitionKind,
  fileSize,
  journalAppend,
  machineTraces,
  testRunner,
]
