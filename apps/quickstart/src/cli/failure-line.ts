import { HarnessError } from '@belay/core'
import { UsageError } from './usage-error.ts'
import { withoutSecrets, type ModelEnvironment } from './choose-model.ts'

/** Wrong usage, as shells know it. */
const usageExitCode = 2
const failureExitCode = 1

/** One line for a person, and the exit code. */
export interface Failure {
  readonly line: string
  readonly exitCode: number
}

/** Says what went wrong and what to do about it. */
export function failureOf(error: unknown, environment: ModelEnvironment): Failure {
  if (error instanceof UsageError) return { line: error.message, exitCode: usageExitCode }
  const text = HarnessError.is(error) ? codedText(error, environment) : messageOf(error)
  return { line: oneLine(text), exitCode: failureExitCode }
}

function codedText(error: HarnessError | Error, environment: ModelEnvironment): string {
  const { code, meta, message } = error as HarnessError
  const baseURL = environment['OPENAI_BASE_URL']?.trim()
  const server = baseURL ? withoutSecrets(baseURL) : 'OpenAI'
  switch (code) {
    case 'run/leased':
    case 'session/busy':
      return `Another process executes this run now; wait for it or stop it (${code}).`
    case 'run/conflict':
      return 'This run id belongs to another folder, question, output or version: choose another --run, or give the same arguments (run/conflict).'
    case 'model/auth':
      return `${server} refused the key${status(meta['status'])}: ${keyAdvice(environment)} (model/auth).`
    case 'model/network':
    case 'model/timeout':
      return `${server} gives no answer: check ${baseURL ? 'OPENAI_BASE_URL' : 'the network'} (${code}${detail(meta['networkCode'])}).`
    case 'model/bad-request':
      return `${server} refused the request${status(meta['status'])}: check OPENAI_MODEL (${code}${detail(meta['providerMessage'])}).`
    case 'budget/unpriceable':
      return `A call cannot be made under the budget of this run: ${meta['missing'] === 'prices' ? 'give --prices' : message} (budget/unpriceable).`
    case 'workspace/missing':
      return 'The copy of the documents that this run works on is gone: start a new run, without --run (workspace/missing).'
    case 'store/corrupt':
    case 'store/version':
    case 'store/read-only':
    case 'store/io':
    case 'store/full':
    case 'store/locked':
      return `The database of runs cannot be used: ${message} (${code})`
    default:
      return `${message} (${code})`
  }
}

function keyAdvice(environment: ModelEnvironment): string {
  return environment['OPENAI_API_KEY']?.trim() ? 'check OPENAI_API_KEY' : 'set OPENAI_API_KEY'
}

function status(value: unknown): string {
  return typeof value === 'number' ? ` (status ${value})` : ''
}

function detail(value: unknown): string {
  return typeof value === 'string' ? `, ${value}` : ''
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function oneLine(text: string): string {
  return text.replace(/\s+/gu, ' ').trim()
}
