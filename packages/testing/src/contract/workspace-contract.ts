import type { ContractCase } from './contract.ts'
import type { FilesPlaceFactory } from './files-place.ts'
import { bindWorkspaceCases } from './workspace-case.ts'
import { workspaceOpenCases } from './workspace-open-cases.ts'
import { workspaceOperationCases } from './workspace-operation-cases.ts'
import { workspaceSnapshotCases } from './workspace-snapshot-cases.ts'
import { workspaceSweepCases } from './workspace-sweep-cases.ts'

/** Every promise of the port workspace. Trees are written and looked at through the sandbox of the same place. */
export function workspaceContract(places: FilesPlaceFactory): readonly ContractCase[] {
  const cases = [
    ...workspaceOpenCases,
    ...workspaceSnapshotCases,
    ...workspaceOperationCases,
    ...workspaceSweepCases,
  ]
  return bindWorkspaceCases(cases, places)
}
