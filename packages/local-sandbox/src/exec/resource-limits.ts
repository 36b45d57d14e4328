import type { ControlGroup } from './control-group.ts'
import type { CommandLimits } from './policy.ts'

/**
 * Puts limits of single processes on bubblewrap, which everything inside inherits. A shell of the host sets them and is replaced. Memory
 * and processes are limited here only where no control group does it: per process, or per user of the host, says less.
 */
export function withResourceLimits(
  program: string,
  { diskBytes, fileBytes = diskBytes, memoryBytes, pids }: CommandLimits,
  group: ControlGroup | undefined,
): readonly [string, ...string[]] {
  const limits = [
    ...(fileBytes === undefined ? [] : [`ulimit -f ${Math.ceil(fileBytes / 512)}`]),
    ...(memoryBytes === undefined || group?.memory === true
      ? []
      : [`ulimit -v ${Math.ceil(memoryBytes / 1024)}`]),
    ...(pids === undefined || group?.pids === true ? [] : [`ulimit -u ${pids}`]),
  ]
  return limits.length === 0
    ? [program]
    : ['/bin/sh', '-c', `${limits.join(' && ')} && exec "$0" "$@"`, program]
}
