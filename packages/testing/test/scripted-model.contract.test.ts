import { modelContract } from '../src/contract/model-contract.ts'
import { scriptedModelSubjects } from '../src/model/scripted-model-subjects.ts'
import { runContract } from './run-contract.ts'

runContract('the scripted model', modelContract(scriptedModelSubjects))
