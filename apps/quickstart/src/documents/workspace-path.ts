const workspace = '/workspace/'

/** Where the copy of a document is. */
export const workspacePath = (path: string): string => `${workspace}${path}`

/** The document that a path of the workspace, or a path without it, names. */
export const documentPath = (path: string): string =>
  path.startsWith(workspace) ? path.slice(workspace.length) : path
