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
export { modelContract } from './contract/model-contract.ts'
export { scriptedModel } from './model/scripted-model.ts'
export type { ScriptedModel, ScriptedModelOptions, ScriptedTurn } from './model/scripted-model.ts'
export { refusalTurn, textTurn, toolCallTurn } from './model/script-turns.ts'
export type { ScriptedToolCall } from './model/script-turns.ts'
export { manualPlatform } from './fakes/manual-platform.ts'
export type { ManualPlatform, ManualPlatformOptions } from './fakes/manual-platform.ts'
export { seededRandom } from './fakes/seeded-random.ts'
export { recordingLogger } from './fakes/recording-logger.ts'
export type { LoggedLine, RecordingLogger } from './fakes/recording-logger.ts'
export { recordEvents } from './fakes/record-events.ts'
export type { EventSource, RecordedEvents } from './fakes/record-events.ts'
export { sharedPlace } from './contract/shared-place.ts'
export { faultyStore, ioError } from './faults/faulty-store.ts'
export type { FaultyStore, StoreCallInfo, StoreFault } from './faults/faulty-store.ts'
export { processPlatform } from './faults/process-platform.ts'
export { crashSweep } from './faults/crash-sweep.ts'
export type {
  CrashSweepOptions,
  SweepContext,
  SweepCrash,
  SweepFacts,
  SweepReport,
  SweepScenario,
  SweepViolation,
} from './faults/sweep-scenario.ts'
export { brokenStores, lyingStores } from './broken/broken-adapters.ts'
export { brokenPlaces } from './broken/broken-store.ts'
export type { BrokenStore } from './broken/broken-store.ts'
export { brokenModels } from './broken/broken-models.ts'
export { brokenSubjects } from './broken/broken-model.ts'
export type { BrokenModel, GenerateWrap } from './broken/broken-model.ts'
