import { platformContract } from '../src/contract/platform-contract.ts'
import { loggerContract } from '../src/contract/logger-contract.ts'
import { manualPlatform } from '../src/fakes/manual-platform.ts'
import { recordingLogger } from '../src/fakes/recording-logger.ts'
import { processPlatform } from '../src/faults/process-platform.ts'
import { runContract } from './run-contract.ts'

runContract(
  'the manual platform',
  platformContract(async () => {
    const platform = manualPlatform()
    return { platform, advance: platform.advance }
  }),
)

runContract(
  'a process of a simulated host',
  platformContract(async () => {
    const base = manualPlatform()
    const platform = processPlatform(base, 'living', new Set(['killed']))
    return { platform, advance: base.advance, deadOwner: async () => 'killed' }
  }),
)

runContract(
  'the recording logger',
  loggerContract(async () => {
    const logger = recordingLogger()
    return { logger, lines: async () => logger.lines }
  }),
)
