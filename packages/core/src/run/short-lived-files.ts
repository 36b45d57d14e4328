import type { Engine } from './engine.ts'

const told = new WeakSet<Engine>()

/** The store outlives the process and the files do not: a run that a restart has to go on with will miss them. Said once. */
export function tellShortLivedFiles(engine: Engine): void {
  const { workspace } = engine.places
  if (told.has(engine) || workspace === undefined) return
  told.add(engine)
  const isKept = workspace.info.capabilities.includes('workspace.persistent')
  if (isKept || !engine.store.info.capabilities.includes('store.persistent')) return
  engine.logger.warn('files of runs do not outlive the process', {
    workspace: workspace.info.id,
    store: engine.store.info.id,
    instead: 'give the harness a workspace that is persistent, as localWorkspace of @belay/local-sandbox is',
  })
}
