import type { ContractCase } from './contract.ts'
import type { FilesPlaceFactory } from './files-place.ts'
import { bindSandboxCases } from './sandbox-case.ts'
import { sandboxEditCases } from './sandbox-edit-cases.ts'
import { sandboxExecCases } from './sandbox-exec-cases.ts'
import { sandboxFileCases } from './sandbox-file-cases.ts'
import { sandboxLifeCases } from './sandbox-life-cases.ts'
import { sandboxLimitCases } from './sandbox-limit-cases.ts'
import { sandboxLinkCases } from './sandbox-link-cases.ts'
import { sandboxMountCases } from './sandbox-mount-cases.ts'
import { sandboxPathCases } from './sandbox-path-cases.ts'
import { sandboxProcessCases } from './sandbox-process-cases.ts'
import { sandboxSearchCases } from './sandbox-search-cases.ts'

/** Every promise of the port sandbox. Those about commands bind adapters that declare `sandbox.exec`. */
export function sandboxContract(places: FilesPlaceFactory): readonly ContractCase[] {
  const cases = [
    ...sandboxPathCases,
    ...sandboxFileCases,
    ...sandboxEditCases,
    ...sandboxSearchCases,
    ...sandboxMountCases,
    ...sandboxLimitCases,
    ...sandboxLifeCases,
    ...sandboxLinkCases,
    ...sandboxExecCases,
    ...sandboxProcessCases,
  ]
  return bindSandboxCases(cases, places)
}
