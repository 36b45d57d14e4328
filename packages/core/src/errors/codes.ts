import {
  journalErrorCodes,
  modelErrorCodes,
  sandboxErrorCodes,
  skillErrorCodes,
  storeErrorCodes,
  toolSourceErrorCodes,
  workspaceErrorCodes,
  type PortErrorCode,
} from '../ports/index.ts'

/**
 * The one table of codes. A code is API: it is never renamed and never means something else. The text
 * says what to do; `docs/reference/errors` has a page for each, which `npm run errors` begins.
 */
export const harnessErrorCodes = {
  'config/adapter':
    'An adapter does not fit: its info, spec or capabilities. The message names what is missing.',
  'config/definition': 'A definition is not valid. The message names the definition, the field and the rule.',
  'validation/input': 'The input does not match the schema of what was called. See meta.issues.',
  'validation/output': 'A workflow returned what its output schema refuses. See meta.issues.',
  'validation/agent_output': 'An agent answered twice what its output schema refuses. See meta.issues.',
  'validation/options': 'An option of a call is not valid. The message names it.',
  'validation/memory_scope':
    'A user or tenant memory was asked for without a valid id. Give one, or metadata.userId or tenantId.',
  'validation/eval_input': 'An evaluation has no candidates, items or scorers. Give it some.',
  'validation/value': 'A value cannot be stored and read back equal. See meta.path.',
  'session/busy': 'The session has a run under way, waiting or orphaned: meta.reason and meta.runId name it.',
  'session/closed': 'The session was closed. Open it again with harness.getSession(id).',
  'harness/closed': 'The harness was shut down.',
  'run/abandoned': 'The process of a run that was not durable died. Start it again.',
  'run/cancelled': 'The run was cancelled and stays so. Start another run.',
  'run/conflict': 'This run id belongs to another session, input, target or version.',
  'run/diverged':
    'The code asked for something else than the journal holds. Run the code that wrote it, or fork.',
  'run/ended': 'The run has ended and takes no more commands.',
  'run/fenced': 'This process lost the lease of the run; another one may go on with it.',
  'run/leased': 'Another living process holds this run until meta.expiresAt.',
  'run/not-found': 'There is no run with this id.',
  'run/not-resumable':
    'The failure of this run was handled or has no recorded cause, or a `once` effect is open where a fork would begin: meta.reason says which.',
  'checkpoint/conflict':
    'The run has a checkpoint of this kind and sequence with another payload. Use the next sequence.',
  'memory/unsupported': 'The memory of this harness lacks what was asked for: meta.reason says what.',
  'step/ambiguous': 'Two calls in flight have the same name. Give one of them a `key`.',
  'step/failed': 'A step threw something that is not an error.',
  'step/unknown-outcome':
    'A `once` effect was started and its outcome is not known. Check by hand or give `reconcile`.',
  'approval/refused': 'A decision about an approval does not count: meta.reason says why.',
  'tool/denied': 'A tool was not allowed: meta.reason says why. It was not called.',
  'tool/unknown-outcome': 'A `once` tool was started and its outcome is not known.',
  'tool/invalid-arguments': 'The model called a tool with arguments that do not match its schema.',
  'tool/not-found': 'The model called a tool that is not selected.',
  'tool/failed':
    'A tool returned what its output schema refuses, or a built-in one could not do what it was asked for.',
  'agent/budget': 'The agent reached maxSteps or maxToolCalls: meta.limit names it.',
  'budget/unpriceable':
    'A model call has no upper bound that the budget of its run could reserve: meta.missing says what is missing.',
  'agent/refusal': 'The model refused to answer.',
  'guardrail/blocked':
    'A guardrail did not let a value through: meta.guardrail, meta.stage and meta.reason say why.',
  'skill/unreadable': 'A model asked for a skill or a file that is not there or is not text.',
  'operation/cancelled': 'The operation was cancelled: meta.scope says what.',
  'operation/timeout': 'The operation took longer than allowed: meta.scope and meta.timeoutMs say what.',
  'delegation/refused': 'A child call is not allowed here: meta.reason and meta.limit say why.',
  'model/capability': 'The call needs what this model alias cannot do. Choose another alias.',
  'model/unknown-alias': 'No model has this alias. Add it to defineHarness({ models }).',
  'model/length': 'The model stopped at its output limit before the answer was complete.',
} as const

/** Codes of core itself. */
export type HarnessErrorCode = keyof typeof harnessErrorCodes

/** Every code that an application can see. */
export type ErrorCode = HarnessErrorCode | PortErrorCode

/** Every code, for documentation and tests. */
export const allErrorCodes: readonly ErrorCode[] = [
  ...(Object.keys(harnessErrorCodes) as HarnessErrorCode[]),
  ...Object.values(storeErrorCodes),
  ...Object.values(journalErrorCodes),
  ...Object.values(modelErrorCodes),
  ...Object.values(skillErrorCodes),
  ...Object.values(sandboxErrorCodes),
  ...Object.values(workspaceErrorCodes),
  ...Object.values(toolSourceErrorCodes),
]
