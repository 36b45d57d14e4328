import { portSpecs, PortError, type SandboxAdapter } from '../ports/index.ts'
import { coreVersion } from '../version.ts'

/** Stands where no sandbox was given: it opens nothing. */
export function noSandbox(): SandboxAdapter {
  return {
    info: {
      id: 'none',
      packageName: '@belay/core',
      version: coreVersion,
      specs: { sandbox: portSpecs.sandbox },
      capabilities: [],
    },
    report: {
      isolation: 'none',
      system: 'no sandbox',
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
      notes: [],
    },
    open: async () => {
      throw new PortError({
        code: 'sandbox/unavailable',
        message: 'The harness has no sandbox. Give it one as `sandbox`.',
        meta: { reason: 'none' },
      })
    },
    close: async () => undefined,
  }
}
