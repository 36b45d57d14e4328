import type { ErrorCode } from '../errors/codes.ts'
import { HarnessError } from '../errors/harness-error.ts'
import type { Json } from '../ports/index.ts'
import type { SchemaIssue, SchemaResult, StandardSchema } from './standard-schema.ts'

/** One issue as errors and events carry it: where and what, never the value. */
export interface IssueRecord {
  readonly path: string
  readonly message: string
}

/** More issues than this help nobody and may be made by hostile input. */
const maxIssues = 20

/** Validates; the promise is only made when the schema itself is asynchronous. */
export function validate<Output>(
  schema: StandardSchema<unknown, Output>,
  value: unknown,
): SchemaResult<Output> | Promise<SchemaResult<Output>> {
  return schema['~standard'].validate(value)
}

/** Validates or throws `code` with the issues in `meta.issues`. */
export async function validateOrThrow<Output>(
  schema: StandardSchema<unknown, Output>,
  value: unknown,
  failure: { readonly code: ErrorCode; readonly what: string },
): Promise<Output> {
  const checked = validate(schema, value)
  const result = checked instanceof Promise ? await checked : checked
  if (result.issues === undefined) return result.value
  const issues = issueRecords(result.issues)
  throw new HarnessError({
    code: failure.code,
    message: `${failure.what} does not match its schema: ${issueText(issues)}`,
    meta: { issues: issues as unknown as Json },
  })
}

/** Issues in a form that can be stored. */
export function issueRecords(issues: readonly SchemaIssue[]): IssueRecord[] {
  return issues.slice(0, maxIssues).map((issue) => ({
    path: (issue.path ?? [])
      .map((part) => String(typeof part === 'object' ? part.key : part).toWellFormed())
      .join('.'),
    message: issue.message.toWellFormed(),
  }))
}

/** One line for people and models. */
export function issueText(issues: readonly IssueRecord[]): string {
  return issues
    .map((issue) => (issue.path === '' ? issue.message : `${issue.path}: ${issue.message}`))
    .join('; ')
}
