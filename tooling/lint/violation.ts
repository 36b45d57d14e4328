export interface SourceFile {
  /** Relative to the repository, with forward slashes. */
  readonly path: string
  readonly text: string
}

export interface Violation {
  readonly rule: string
  readonly path: string
  readonly line?: number
  readonly message: string
  /** A warning is shown and does not fail the check. */
  readonly severity?: 'warning'
}

export type Rule = (files: readonly SourceFile[]) => Violation[]

const testFile = /(\.test|\.test-d)\.ts$/

/** TypeScript that ships: the source of a package, without its tests. */
export function isShippedSource(path: string): boolean {
  return /^packages\/[^/]+\/src\/.*\.ts$/.test(path) && !testFile.test(path)
}

export function isOwnSource(path: string): boolean {
  return /^(packages|apps)\/[^/]+\/src\/.*\.ts$/.test(path) && !testFile.test(path)
}
