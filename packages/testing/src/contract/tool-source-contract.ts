import type { ContractCase } from './contract.ts'
import { bindSourceCases } from './tool-source-case.ts'
import type { ToolSourceSubjectFactory } from './tool-source-case.ts'
import { sourceCallCases } from './tool-source-call-cases.ts'
import { sourceLifeCases } from './tool-source-life-cases.ts'
import { sourceListCases } from './tool-source-list-cases.ts'

/** Every promise of the port tool source, on a source with the tools of `ToolSourceSubject`. */
export function toolSourceContract(subjects: ToolSourceSubjectFactory): readonly ContractCase[] {
  return bindSourceCases([...sourceListCases, ...sourceCallCases, ...sourceLifeCases], subjects)
}
