import type { IsolationReport } from '@belay/core/ports'

/** The report of a sandbox without commands: nothing is enforced, because nothing runs. */
export const noCommands: IsolationReport = {
  isolation: 'none',
  system: 'no commands',
  controls: {
    'files.read': false,
    'files.write': false,
    network: false,
    environment: false,
    processes: false,
    privileges: false,
    pids: false,
    memory: false,
  },
  notes: ['There are no commands: exec is off.'],
}
