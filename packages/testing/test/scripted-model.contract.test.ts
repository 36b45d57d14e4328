import { modelContract } from '../src/contract/model-contract.ts'
import { runContract } from './run-contract.ts'
import { scriptedModelSubjects } from './scripted-model-subjects.ts'

runContract('the scripted model', modelContract(scriptedModelSubjects))
