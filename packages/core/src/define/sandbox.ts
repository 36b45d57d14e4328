import type {
  CommandOptions,
  ExecOptions,
  ExecResult,
  IsolationReport,
  SandboxFiles,
  SandboxProcess,
} from '../ports/index.ts'

/**
 * The sandbox as a tool or a step has it. Every call obeys the signal of the step, and refuses once the step has
 * ended. It is opened at the first call.
 *
 * A durable run has a tree of its own below `/workspace`, kept with its steps: a run that goes on after a crash has
 * the files as they were after its last recorded step. Any other run works on the tree of its session.
 */
export interface StepSandbox {
  /** What is enforced for commands. */
  readonly report: IsolationReport
  /** Without `workspace: 'write'` only `read`, `list`, `glob`, `grep` and `stat`. */
  readonly files: StepFiles
  /** Runs a command to its end. Needs `workspace: 'write'`, and a sandbox with `sandbox.exec`. */
  exec(command: string, options?: ExecOptions): Promise<ExecResult>
  /** Starts a command; it ends with the step. Needs `workspace: 'write'`, and a sandbox with `sandbox.exec`. */
  spawn(command: string, options?: CommandOptions): Promise<SandboxProcess>
}

/** The files of a sandbox, without the mounting that belongs to the engine. */
export type StepFiles = Omit<SandboxFiles, 'mount'>

/** What a step does with the files of its run. */
export type WorkspaceAccess = 'read' | 'write'
