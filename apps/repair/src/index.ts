export { runRepair } from './cli/run-repair.ts'
export { offlineModel } from './offline-model/offline-model.ts'
