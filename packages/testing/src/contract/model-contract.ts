import type { ModelSubjectFactory } from '../model/model-subject.ts'
import type { ContractCase } from './contract.ts'
import { modelAbortCases } from './model-abort-cases.ts'
import { modelAnswerCases } from './model-answer-cases.ts'
import { bindModelCases } from './model-case.ts'
import { modelFaultCases } from './model-fault-cases.ts'
import { modelToolCases } from './model-tool-cases.ts'

/** Every promise of the port model. */
export function modelContract(subjects: ModelSubjectFactory): readonly ContractCase[] {
  return bindModelCases(
    [...modelAnswerCases, ...modelToolCases, ...modelFaultCases, ...modelAbortCases],
    subjects,
  )
}
