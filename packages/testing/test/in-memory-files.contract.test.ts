import { sandboxContract } from '../src/contract/sandbox-contract.ts'
import { workspaceContract } from '../src/contract/workspace-contract.ts'
import { inMemoryFilePlaces } from './in-memory-files.ts'
import { runContract } from './run-contract.ts'

runContract('sandbox', sandboxContract(inMemoryFilePlaces))
runContract('workspace', workspaceContract(inMemoryFilePlaces))
