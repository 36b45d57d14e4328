export type { ContractCase, ContractOutcome } from './contract/contract.ts'
export type { StoreDamage, StorePlace, StorePlaceFactory } from './contract/store-place.ts'
export { journalContract } from './contract/journal-contract.ts'
export { leaseContract } from './contract/lease-contract.ts'
export { blobsContract } from './contract/blobs-contract.ts'
export { isRefusal } from './model/model-script.ts'
export type {
  ModelScript,
  ModelScriptAnswer,
  ModelScriptFinish,
  ModelScriptRefusal,
  ModelScriptStep,
  ModelScriptTurn,
} from './model/model-script.ts'
export type { ModelSubject, ModelSubjectFactory } from './model/model-subject.ts'
export { reopenedPlaces } from './contract/reopened-places.ts'
export { serveStore } from './remote/serve-store.ts'
export { forkStore, remoteStore } from './remote/remote-store.ts'
export type { RemoteStore } from './remote/remote-store.ts'
export { remotePlaces } from './remote/remote-places.ts'
export type { RemotePlaceOptions } from './remote/remote-places.ts'
