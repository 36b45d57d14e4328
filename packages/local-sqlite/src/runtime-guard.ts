import { PortError, storeErrorCodes } from '@belay/core/ports'

/** The first Node that better-sqlite3 13 works on and that this package is tested with. */
const oldestNode: readonly [number, number] = [22, 18]

/**
 * Refuses an old Node before the native module is loaded: better-sqlite3 13 crashes the process there
 * when it opens a database, which no caller can catch.
 */
export function requireSupportedNode(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldestMajor, oldestMinor] = oldestNode
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return
  throw new PortError({
    code: storeErrorCodes.version,
    message: `@belay/local-sqlite needs Node ${oldestNode.join('.')} or later; this is Node ${version}`,
    meta: { node: version, required: oldestNode.join('.') },
  })
}
