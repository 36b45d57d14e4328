import { checkMount } from '@belay/core/ports'
import type { MountedFile } from '@belay/core/ports'
import type { Call } from './call-gate.ts'
import { errnoOf } from './file-faults.ts'
import { whileHeld, type HeldFolder } from './held-folder.ts'
import { writeNewFile, type StagingFolder } from './staging-folder.ts'
import * as system from './system-calls.ts'
import { removeName } from './tree-removal.ts'

/** Where mounts are put. */
export interface MountPlace {
  readonly skills: HeldFolder
  readonly staging: StagingFolder
}

/**
 * Puts files at `/skills/<name>`. They are written whole beside it and moved into place; between the two moves that
 * replace an older mount, the name is free for a moment.
 */
export async function mountFiles(
  call: Call,
  { skills, staging }: MountPlace,
  files: readonly MountedFile[],
): Promise<void> {
  const mount = checkMount(call.path, files)
  const made = staging.freshName()
  const old = staging.freshName()
  try {
    await system.mkdir(staging.folder.place(made), { mode: 0o700 })
    await whileHeld(await staging.folder.folder(made), async (folder) => {
      for (const file of mount.files) await putFile(call, folder, file)
    })
    await system.chmod(staging.folder.place(made), 0o755)
    call.check()
    await moveIfThere(skills.place(mount.skill), staging.folder.place(old))
    try {
      await system.rename(staging.folder.place(made), skills.place(mount.skill))
    } catch (error) {
      await moveIfThere(staging.folder.place(old), skills.place(mount.skill))
      throw error
    }
  } finally {
    // An abort must not keep what it interrupted from being taken away.
    const cleaning = { path: call.path, check: () => undefined }
    await removeName(cleaning, staging.folder, made)
    await removeName(cleaning, staging.folder, old)
  }
}

async function putFile(
  call: Call,
  top: HeldFolder,
  file: MountedFile & { readonly parts: readonly string[] },
): Promise<void> {
  const [name = '', ...below] = file.parts
  if (below.length === 0) {
    await writeNewFile(call, top, name, file.bytes, file.executable === true ? 0o555 : 0o444)
    return
  }
  try {
    await system.mkdir(top.place(name), { mode: 0o755 })
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error
  }
  await whileHeld(
    await top.folder(name),
    async (folder) => await putFile(call, folder, { ...file, parts: below }),
  )
}

async function moveIfThere(from: string | Buffer, to: string | Buffer): Promise<void> {
  try {
    await system.rename(from, to)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
  }
}
