import type { Sandbox, Skill } from '../ports/index.ts'

/** What is mounted in a sandbox, or about to be, by the name of the skill. */
const mounted = new WeakMap<Sandbox, Map<string, { readonly hash: string; readonly done: Promise<void> }>>()

/**
 * Mounts skills below `/skills` from their snapshots, each once for a sandbox. Agents with two versions of one skill
 * share the sandbox of their run: the one that comes later replaces what was there.
 */
export async function mountSkills(sandbox: Sandbox, skills: readonly Skill[]): Promise<void> {
  let known = mounted.get(sandbox)
  if (known === undefined) mounted.set(sandbox, (known = new Map()))
  for (const skill of skills) {
    const before = known.get(skill.name)
    if (before?.hash === skill.hash) {
      await before.done
      continue
    }
    const done = mount(sandbox, skill)
    const entry = { hash: skill.hash, done }
    known.set(skill.name, entry)
    try {
      await done
    } catch (error) {
      if (known.get(skill.name) === entry) known.delete(skill.name)
      throw error
    }
  }
}

function mount(sandbox: Sandbox, { name, files }: Skill): Promise<void> {
  return sandbox.files.mount(
    `/skills/${name}`,
    files.map((file) => ({ path: file.path, bytes: file.content() })),
  )
}
