/**
 * Port: sandbox. Where the tools of a run or a session read, write and execute.
 *
 * Words: a *sandbox* is one opened place with a file tree of its own. *Inside* is what its paths name and what its
 * commands can reach; *outside* is everything else of the host. A *link* is a symbolic link.
 *
 * Paths are absolute POSIX paths of the inside. `/workspace` is the tree that belongs to the run or the session;
 * `/skills/<name>` holds what `mount` put there and is read-only. Nothing else can be named. A path is at most 4,096
 * bytes of UTF-8, a part of it 1 to 255 bytes, without NUL. Not normal (relative, with `.`, `..`, an empty part or a
 * slash at the end) is refused, never repaired.
 *
 * What an implementation must hold:
 * - Containment. No call reads, writes, lists or tells apart anything outside, whatever links, hard links and special
 *   files the tree holds and whatever a process inside does to the tree while the call is under way. A link as a part
 *   of a path, or at its end, is refused as `sandbox/path` and never followed, also one that points inside.
 * - No file of the tree is ever code or configuration for a program that runs outside.
 * - `write` and `edit` are atomic for readers: the old content or the new.
 * - Each call is bounded in bytes and entries by its options; what is cut says so. Nothing is cut silently.
 * - A command gets its arguments as they are, without a shell; nothing of the host's environment; and no process of its
 *   tree lives on after `exec` has settled, after a spawned process has ended, or after `close`.
 * - `report` is true: a control that it calls enforced was tried and held.
 *
 * Capabilities in `info`: `sandbox.exec` (there are `exec` and `spawn`), `sandbox.isolated` (isolation `strict`:
 * commands cannot read, write, connect or outlive beyond what was allowed).
 *
 * What is not promised: protection from faults of the kernel; that two calls under way at once are ordered; a time of
 * last access; that the owner, group or extended attributes of a file are kept; that the tree of a session outlives
 * its sandbox.
 */

import type { Configurable } from './configure.ts'
import type { AdapterInfo } from './spec.ts'

export { isCodedError, PortError, sandboxErrorCodes } from './errors.ts'
export { ExecError } from './exec-error.ts'
export type { AdapterInfo } from './spec.ts'

/**
 * How much of the host a command is kept from. `strict`: every control is enforced, `pids` and `memory` where such a
 * limit was asked for, or the adapter refuses to start; a limit that nobody asked for may be reported as not enforced.
 * `best-effort`: what the report says. `none`: nothing.
 */
export type Isolation = 'strict' | 'best-effort' | 'none'

/** What can be kept from a command. */
export type IsolationControl =
  /** It reads nothing outside but what was allowed. */
  | 'files.read'
  /** It writes nothing outside. */
  | 'files.write'
  /** It reaches no socket outside but the hosts and ports that were allowed. */
  | 'network'
  /** It sees no variable of the host's environment. */
  | 'environment'
  /** It neither sees nor signals processes outside, and none of its own lives on. */
  | 'processes'
  /** It has no capability and cannot get one. */
  | 'privileges'
  /** How many processes it may have is limited. */
  | 'pids'
  /** How much memory it may take is limited. */
  | 'memory'

/** What is enforced for commands, as tried at the start and not as configured. */
export interface IsolationReport {
  readonly isolation: Isolation
  /** What enforces it, for people: for example `bubblewrap 0.8.0 on linux`. */
  readonly system: string
  readonly controls: Readonly<Record<IsolationControl, boolean>>
  /** For people: each thing that is not enforced, and why. */
  readonly notes: readonly string[]
}

/** What a sandbox is opened for. */
export interface SandboxRequest {
  /** Opening the same key again while it is open is a `TypeError`. 1 to 256 UTF-16 units, taken literally. */
  readonly key: string
  readonly sessionId: string
  /** Absent: it is the session's own. */
  readonly runId?: string
  /** What `open` or `restore` of the workspace port gave; absent: an empty tree of its own that ends with the sandbox. */
  readonly workspace?: string
  readonly signal?: AbortSignal
}

/** Facts about a path. */
export interface FileFacts {
  readonly kind: 'file' | 'directory'
  /** Bytes; 0 for a directory. */
  readonly size: number
  /** Permission bits. */
  readonly mode: number
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number
}

/** A part of a file. */
export interface FileContent {
  readonly bytes: Uint8Array
  /** Of the whole file. */
  readonly size: number
  /** There is more after these bytes. */
  readonly truncated: boolean
}

/** One entry of a directory. Links and special files are listed, so that nobody believes a name free; they cannot be read. */
export interface DirectoryEntry {
  readonly name: string
  readonly kind: 'file' | 'directory' | 'link' | 'special'
  /** Bytes of a file; 0 for all else. */
  readonly size: number
}

/** A line that matches. */
export interface LineMatch {
  readonly path: string
  /** From 1. */
  readonly line: number
  /** Without its end; cut to 1,000 UTF-16 units. */
  readonly text: string
}

/** Options of every file call. */
export interface FileCallOptions {
  readonly signal?: AbortSignal
}

/** Which part of a file. */
export interface ReadFileOptions extends FileCallOptions {
  /** Bytes from the beginning. Default 0. */
  readonly offset?: number
  /** Bytes; 0 to 67,108,864. Default 10,485,760. */
  readonly limit?: number
}

export interface WriteFileOptions extends FileCallOptions {
  /** Permission bits, 0 to 0o777. Default: those of the file before it, else 0o644. */
  readonly mode?: number
}

/** A literal replacement. */
export interface FileEdit {
  /** At least one character. */
  readonly find: string
  readonly replace: string
  /** Default false: it must be there exactly once. */
  readonly all?: boolean
}

export interface ListOptions extends FileCallOptions {
  /** 1 to 10,000. Default 1,000. */
  readonly limit?: number
}

export interface GlobOptions extends FileCallOptions {
  /** Where it begins. Default `/workspace`. */
  readonly path?: string
  /** 1 to 10,000. Default 1,000. */
  readonly limit?: number
}

export interface GrepOptions extends FileCallOptions {
  /** A file or a directory. Default `/workspace`. */
  readonly path?: string
  /** Only files that this pattern of `glob` matches, below `path`. */
  readonly glob?: string
  readonly ignoreCase?: boolean
  /** Matches; 1 to 10,000. Default 200. */
  readonly limit?: number
  /** For the whole search; 1 to 60,000. Default 10,000. */
  readonly timeoutMs?: number
}

/** One file for `mount`. */
export interface MountedFile {
  /** Relative, normal, with `/`. */
  readonly path: string
  readonly bytes: Uint8Array
  readonly executable?: boolean
}

/** The files of a sandbox. */
export interface SandboxFiles {
  /**
   * A part of a file; `undefined` when there is nothing at the path.
   * Throws: `sandbox/path` (also for a directory), `sandbox/io`, `sandbox/closed`; `TypeError` for options out of range.
   */
  read(path: string, options?: ReadFileOptions): Promise<FileContent | undefined>

  /**
   * Puts the content in the place of what was there, whole. Makes missing directories.
   * Throws: `sandbox/path` (`read_only` outside `/workspace`), `sandbox/limit` when a quota would be exceeded (nothing is
   * changed then), `sandbox/io`, `sandbox/closed`; `TypeError`.
   */
  write(path: string, bytes: Uint8Array, options?: WriteFileOptions): Promise<void>

  /**
   * Replaces text literally in a UTF-8 file of at most 10,485,760 bytes; how often it did. The mode stays. Not safe
   * against another writer between its reading and its writing: the later one wins.
   * Throws: as `write`, and `sandbox/edit` with `meta.reason`: `missing` (no file), `absent` (no such text), `ambiguous`
   * (more than once without `all`), `binary` (not UTF-8).
   */
  edit(path: string, edit: FileEdit, options?: FileCallOptions): Promise<{ readonly replacements: number }>

  /**
   * The entries of a directory by name, in the order of UTF-16 units; `undefined` when there is nothing at the path.
   * Throws: as `read`; `sandbox/path` for a file.
   */
  list(
    path: string,
    options?: ListOptions,
  ): Promise<{ readonly entries: readonly DirectoryEntry[]; readonly truncated: boolean } | undefined>

  /**
   * Absolute paths of files that match, in the order of UTF-16 units. The pattern is relative to `path`. `*` and `?` match within a part, `**` over parts,
   * `[a-z]`, `[!a]` one character, `{a,b}` either; names that begin with a dot match like others. At most 1,000 UTF-16
   * units. Visits at most 200,000 entries, and is truncated after that.
   * Throws: as `read`; `TypeError` for a pattern that is not of this form.
   */
  glob(
    pattern: string,
    options?: GlobOptions,
  ): Promise<{ readonly paths: readonly string[]; readonly truncated: boolean }>

  /**
   * Lines that match a regular expression (of JavaScript, flag `u`, at most 1,000 UTF-16 units), by path and line. Reads at
   * most 268,435,456 bytes, leaves out files with a NUL in their first 8,192 bytes and those over 10,485,760 bytes, and is
   * truncated when it had to leave out for size. Never blocks the event loop.
   * Throws: as `read`; `sandbox/limit` with `meta.reason: 'time'`; `TypeError` for an expression that is none.
   */
  grep(
    pattern: string,
    options?: GrepOptions,
  ): Promise<{ readonly matches: readonly LineMatch[]; readonly truncated: boolean }>

  /** Facts; `undefined` when there is nothing at the path. Throws: as `read`, but not for a directory. */
  stat(path: string, options?: FileCallOptions): Promise<FileFacts | undefined>

  /**
   * Removes a file, or a directory with all that is in it (links and special files themselves, never what they name).
   * Whether there was something. `/workspace` itself stays and is emptied.
   * Throws: as `write`; the end of a path may be a link.
   */
  remove(path: string, options?: FileCallOptions): Promise<boolean>

  /**
   * Puts files at `/skills/<name>`, read-only for calls and commands, in the place of what was mounted there. Whole or
   * not at all. At most 10,000 files and 67,108,864 bytes.
   * Throws: `sandbox/path` (any other place, a path of a file that is not relative and normal, twice the same),
   * `sandbox/limit`, `sandbox/io`, `sandbox/closed`.
   */
  mount(path: string, files: readonly MountedFile[], options?: FileCallOptions): Promise<void>
}

/** How a command runs. */
export interface CommandOptions {
  readonly args?: readonly string[]
  /**
   * A directory of the inside. Default `/workspace`. Missing, a file, outside, or of a form that is refused for paths:
   * `sandbox/command` with the reason `cwd`, because it is the command that is not started.
   */
  readonly cwd?: string
  /** The whole environment beside `PATH`, `HOME`, `TMPDIR` and `LANG`, which an entry may replace. */
  readonly env?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

export interface ExecOptions extends CommandOptions {
  readonly stdin?: string | Uint8Array
  /** Milliseconds; 0 is no limit. Default 120,000. */
  readonly timeoutMs?: number
  /** Per stream. Default: the adapter's, 10,485,760 unless configured. */
  readonly maxOutputBytes?: number
}

/** What a command wrote. */
export interface ExecOutput {
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
  /** Exactly the cap is kept of a stream that is cut. */
  readonly stdoutTruncated: boolean
  readonly stderrTruncated: boolean
}

/** How a command ended by itself. */
export interface ExecResult extends ExecOutput {
  readonly exitCode: number
}

/** A process with its streams. */
export interface SandboxProcess {
  readonly stdin: WritableStream<Uint8Array>
  /** What is not read holds the process up, and not memory. */
  readonly stdout: ReadableStream<Uint8Array>
  readonly stderr: ReadableStream<Uint8Array>
  /** Settles when no process of the tree is left. Never rejects. */
  readonly ended: Promise<{ readonly exitCode: number } | { readonly signal: string }>
  /** Ends the whole tree at once; resolves with `ended`. Idempotent. */
  kill(): Promise<void>
}

/** One opened sandbox. */
export interface Sandbox {
  readonly report: IsolationReport
  readonly files: SandboxFiles

  /**
   * Runs a command to its end. There with `sandbox.exec`.
   * Throws: `sandbox/command` (`not_found`, `not_allowed`, `cwd`), `ExecError` with `sandbox/timeout`, `sandbox/signal` (a signal
   * ended it; `meta.signal`) or `sandbox/limit` (memory), each with the output so far, after no process is left;
   * `signal.reason` after an abort; `sandbox/io`, `sandbox/closed`; `TypeError`. Any exit code is a result.
   */
  exec?(command: string, options?: ExecOptions): Promise<ExecResult>

  /**
   * Starts a command. There with `sandbox.exec`. An abort or `close` ends its tree.
   * Throws: `sandbox/command`, `sandbox/io`, `sandbox/closed`; `signal.reason`; `TypeError`.
   */
  spawn?(command: string, options?: CommandOptions): Promise<SandboxProcess>

  /** Ends every process, and removes a tree of its own. Idempotent. Later calls throw `sandbox/closed`. Throws: `sandbox/io`. */
  close(): Promise<void>
}

/** What an application passes as `sandbox`. */
export interface SandboxAdapter extends Configurable {
  readonly info: AdapterInfo
  /** For commands of every sandbox that it opens. */
  readonly report: IsolationReport
  /**
   * Opens a sandbox. Whole or not at all.
   * Throws: `sandbox/unavailable`, `sandbox/io`, `sandbox/closed`; `workspace/missing` for a workspace that is not open;
   * `signal.reason`.
   */
  open(request: SandboxRequest): Promise<Sandbox>
  /** Closes every sandbox. Idempotent. */
  close(): Promise<void>
}
