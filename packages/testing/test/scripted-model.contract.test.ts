import { embeddingContract } from '../src/contract/embedding-contract.ts'
import { modelContract } from '../src/contract/model-contract.ts'
import { rerankContract } from '../src/contract/rerank-contract.ts'
import { runContract } from './run-contract.ts'
import { scriptedModelSubjects, scriptedVectorSubjects } from './scripted-model-subjects.ts'

runContract('the scripted model', modelContract(scriptedModelSubjects))
runContract('embed of the scripted model', embeddingContract(scriptedVectorSubjects))
runContract('rerank of the scripted model', rerankContract(scriptedVectorSubjects))
