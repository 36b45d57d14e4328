/**
 * Where one opened sandbox lives on the host. Every folder is absolute, exists, belongs to this process with mode
 * 0700 and lies in one file system below the root that the application named, so that a rename between them is atomic.
 * What is inside `workspace` is under the hand of commands: it is never reached by a path from the host, only part by
 * part from a folder that is held open (`files/held-folder.ts`).
 */
export interface Place {
  /** Commands see it as `/workspace`, read and write. */
  readonly workspace: string
  /** Commands see it as `/skills`, read-only. Holds one folder for each mounted name, which comes and goes meanwhile. */
  readonly skills: string
  /** For what runs commands (sockets, a folder for temporary files); file calls never look into it. */
  readonly scratch: string
  /** For files that are not whole yet; commands never see it. */
  readonly staging: string
}

/** Folders directly below the root. Nothing else is made there. */
export const rootFolders = {
  /** One folder for each open sandbox: `<owner>.<random>/{workspace,skills,scratch,staging}`. */
  sandboxes: 'sandboxes',
  /** Trees of runs, of snapshots and what is known of them. */
  workspaces: 'workspaces',
} as const
