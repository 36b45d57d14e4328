import { toolSourceContract } from '../src/contract/tool-source-contract.ts'
import { runContract } from './run-contract.ts'
import { toyToolSource } from './toy-tool-source.ts'

runContract('tool source', toolSourceContract(toyToolSource))
