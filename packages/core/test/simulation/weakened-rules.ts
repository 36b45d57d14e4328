/** One rule of the engine taken back by one change to its built code. */
export interface WeakenedRule {
  /** The rule of engine.md, and what is done to it. */
  readonly rule: string
  /** In `dist`. */
  readonly file: string
  /** Must occur exactly once. */
  readonly find: string
  readonly replace: string
  /** Where it shows: names of workflows, or of planted changes with `planted:` before them. */
  readonly workflows: readonly string[]
}

/** Every change must make the reduced sweep fail; the same sweep over the unchanged build must not. */
export const weakenedRules: readonly WeakenedRule[] = [
  {
    rule: 'K1: in flight ends at the commit, not at release',
    file: 'run/release.js',
    find: 'this.touch();\n        if (result === undefined) {',
    replace:
      'if (result !== undefined) ask.key.release();\n        this.touch();\n        if (result === undefined) {',
    workflows: ['raceAgain'],
  },
  {
    rule: 'R1: several results in one macrotask',
    file: 'run/release.js',
    find: 'this.#settle(entry);\n            this.kick();\n            return;',
    replace: 'this.#settle(entry);',
    workflows: ['chains', 'blobRace', 'raceThen'],
  },
  {
    rule: 'R1: results in the order of the asks',
    file: 'run/release.js',
    find: 'const entry = this.#results[this.#cursor];',
    replace: `const asked = this.#results.findIndex((one, at) => at >= this.#cursor && this.#pending.has(one.data.key));
            if (asked > this.#cursor) this.#results.splice(this.#cursor, 0, ...this.#results.splice(asked, 1));
            const entry = this.#results[this.#cursor];`,
    workflows: ['rawRace'],
  },
  {
    rule: 'R2: a recorded failure is forgotten',
    file: 'run/release.js',
    find: 'of history.results.entries())',
    replace: "of [...history.results.entries()].filter(([, one]) => one.data.status === 'ok'))",
    workflows: ['tryCatch', 'settled'],
  },
  {
    rule: 'R3: effects start before the recorded part was consumed',
    file: 'run/release.js',
    find: 'if (this.#open && !this.#paused)\n            work();',
    replace: 'if (!this.#paused)\n            work();',
    workflows: ['planted:renamed', 'planted:inserted'],
  },
  {
    rule: 'R4: the body of an ended child runs again',
    file: 'run/child.js',
    find: 'scope.skipped = attempt.releases.isRecorded(key.key);',
    replace: 'scope.skipped = false;',
    workflows: ['failChild', 'agentFan'],
  },
  {
    rule: 'R4: entries of a cut scope count as left',
    file: 'run/release.js',
    find: 'if (scope?.cutAt !== undefined && ask.after < scope.cutAt)',
    replace: 'if (false)',
    workflows: ['failFanRaw', 'failFan', 'endsInCutScope'],
  },
  {
    rule: 'R5: the end of the program diverges on results that are still to come',
    file: 'run/attempt.js',
    find: 'this.program = program;\n        this.forced = forced;',
    replace: `this.program = program;
        this.forced = forced;
        if (!forced && !this.releases.drained) return this.diverged(Object.assign(new Error('left'), { code: 'run/diverged' }));`,
    workflows: ['raceReturn', 'background', 'failParallel'],
  },
  {
    rule: 'R6: another kind or input at a key is not noticed',
    file: 'run/release.js',
    find: 'if (mismatch !== undefined) {',
    replace: 'if (false) {',
    workflows: ['planted:otherKind', 'planted:otherInput'],
  },
  {
    rule: 'R6: a replay that stands still is not noticed',
    file: 'run/release.js',
    find: "expired: () => this.#diverge('asked for nothing any more', this.#expected()),",
    replace: 'expired: () => undefined,',
    workflows: ['planted:earlyReturn', 'planted:removed'],
  },
  {
    rule: 'R7: an effect that was aborted is recorded as failed',
    file: 'run/step.js',
    find: 'return isAbort(end.error, this.#cancellation.reason) ? undefined : end;',
    replace: 'return end;',
    workflows: ['endsInCutScope'],
  },
  {
    rule: 'R7: a scope that is cut does not tell its effects',
    file: 'run/release.js',
    find: 'scope.cancellation.abort(reason);',
    replace: '',
    workflows: ['childTimeoutDeep', 'childOwnSignal'],
  },
  {
    rule: 'R8: a promise without a handler of the engine',
    file: 'run/release.js',
    find: 'promise.catch(() => undefined);',
    replace: '',
    workflows: ['lateAwait'],
  },
  {
    rule: 'S1: a run with children in flight is never at rest',
    file: 'run/rest.js',
    find: 'if (!failed && this.#isReplayed() && this.#isBlocked())',
    replace: 'if (!failed && this.#isReplayed() && this.#isBlocked() && openScopes === 0)',
    workflows: ['allChildWait'],
  },
  {
    rule: 'S1: no grace before suspending',
    file: 'run/rest.js',
    find: 'engine.timing.suspendGraceMs',
    replace: '0',
    workflows: ['notifyWait', 'fanWaitRaw'],
  },
  {
    rule: 'S2: a suspension does not expect the inbox as it was read',
    file: 'run/settle.js',
    find: 'expect: [{ stream: inboxStream(identity.runId), position: inboxPosition }],',
    replace: '',
    workflows: ['suspendGap'],
  },
  {
    rule: 'S3: the lease is kept over a suspension',
    file: 'feed/writer.js',
    find: 'release: true',
    replace: 'release: false',
    workflows: ['early'],
  },
  {
    rule: 'C2: a consumed signal is consumed again by the next attempt',
    file: 'run/inbox.js',
    find: 'if (command !== undefined && !this.#taken.has(command.commandId))',
    replace: 'if (command !== undefined)',
    workflows: ['rejected', 'sameName'],
  },
  {
    rule: 'C2: waits get signals in the order in which code reached them',
    file: 'run/open-waits.js',
    find: 'if (found === undefined || wait.position < found.position)',
    replace: 'if (found === undefined)',
    workflows: ['sameName'],
  },
  {
    rule: 'C2: a timeout does not look for signals that came before it',
    file: 'run/open-waits.js',
    find: '.io(() => attempt.inbox.read())',
    replace: '.io(async () => undefined)',
    workflows: ['waitTimeoutRace'],
  },
  {
    rule: 'C2: a wait that is cut off keeps the signal that it looked at',
    file: 'run/open-waits.js',
    find: 'this.#attempt.inbox.giveBack(command);',
    replace: '',
    workflows: ['givenBack'],
  },
  {
    rule: 'O2: only the step that failed is forgotten, not the ends that carried it',
    file: 'history/resume-plan.js',
    find: 'const voided = new Set(links);',
    replace: 'const voided = new Set([origin.position]);',
    workflows: ['failChild', 'failFan'],
  },
  {
    rule: 'O2: later failures beside the first are kept',
    file: 'history/resume-plan.js',
    find: 'if (entry.position <= origin.position || links.has(entry.position) || !isUnansweredFailure(entry, asks))',
    replace: 'if (true)',
    workflows: ['failAll'],
  },
  {
    rule: 'O2: attempts of the step are kept',
    file: 'history/resume-plan.js',
    find: 'for (const position of history.partial.get(data.key)?.positions ?? [])\n            voided.add(position);',
    replace: '',
    workflows: ['retryOutAgain'],
  },
  {
    rule: 'O3: a failure that was handled is forgotten',
    file: 'history/resume-plan.js',
    find: 'if (asks.some((ask) => isAfterSome(ask, chain)))',
    replace: 'if (false)',
    workflows: ['handledByWait', 'handled'],
  },
  {
    rule: 'O3: what engine code has taken does not count as received',
    file: 'history/resume-plan.js',
    find: 'Math.max(ask.after, ask.seen ?? 0)',
    replace: 'ask.after',
    workflows: ['agentHandled'],
  },
  {
    rule: 'O3: what was asked for in the same breath counts as an answer',
    file: 'run/release.js',
    find: 'queueMicrotask(() => (scope.seen = Math.max(scope.seen, position)));',
    replace: 'scope.seen = Math.max(scope.seen, position);',
    workflows: ['agentCallsFail'],
  },
  {
    rule: 'O3: a failed once effect is resumed',
    file: 'history/resume-plan.js',
    find: 'if (first?.data.once === true && first.data.reconcilable !== true)',
    replace: 'if (false)',
    workflows: ['onceFail'],
  },
  {
    rule: 'O3: a once effect without its intent',
    file: 'run/step.js',
    find: "await this.#attempt.append({ type: 'step.intended', data: { ...this.#ask, attempt: this.#number } });",
    replace: '',
    workflows: ['onceUnknown', 'onceTools'],
  },
  {
    rule: 'O4: the run ends before what is still in flight',
    file: 'run/rest.js',
    find: '(failed || inFlight === 0)',
    replace: 'true',
    workflows: ['background'],
  },
  {
    rule: 'O4: an end from outside does not reach a program that has returned',
    file: 'run/attempt.js',
    find: "if (this.program !== undefined && !(forced && this.program.outcome === 'succeeded'))",
    replace: 'if (this.program !== undefined)',
    workflows: ['cancelBackground', 'deadlineBackground'],
  },
  {
    rule: 'L1: results are written without the fence',
    file: 'feed/writer.js',
    find: 'fence: this.#fence,\n            entries:',
    replace: 'entries:',
    workflows: ['looped'],
  },
  {
    rule: 'S1: a parked step counts as work',
    file: 'run/parked.js',
    find: 'attempt.end();',
    replace: '',
    workflows: ['deferred'],
  },
  {
    rule: 'O4: the run ends before a step that is parked',
    file: 'run/rest.js',
    find: 'const inFlight = openScopes + parked.size;',
    replace: 'const inFlight = openScopes;',
    workflows: ['budgetBackground'],
  },
  {
    rule: 'MOD-13: the next attempt of a run makes a deferred retry at once',
    file: 'run/step.js',
    find: 'this.#dueAt = partial?.dueAt;',
    replace: '',
    workflows: ['deferred'],
  },
  {
    rule: 'MOD-13: a suspended run is not due when its deferred step is',
    file: 'run/settle.js',
    find: 'parked.dueAt ?? Infinity',
    replace: 'Infinity',
    workflows: ['deferred'],
  },
  {
    rule: 'BUD-2: a call is made before its reservation is committed',
    file: 'run/budget.js',
    find: 'await this.#attempt.append(',
    replace: 'void this.#attempt.append(',
    workflows: ['budgetLinear'],
  },
  {
    rule: 'BUD-2: parallel calls do not see what the others have reserved',
    file: 'history/budget.js',
    find: 'plus(plus(this.#spent, this.reserved), call)',
    replace: 'plus(this.#spent, call)',
    workflows: ['budgetFan'],
  },
  {
    rule: 'BUD-5: what died with its process is not spent',
    file: 'history/budget.js',
    find: 'this.#spent = plus(this.#spent, boundAmounts(bound));',
    replace: '',
    workflows: ['budgetFan', 'budgetLinear'],
  },
  {
    rule: 'BUD-9: an extension is taken again by the next attempt',
    file: 'history/fold.js',
    find: 'history.commands.add(commandId);',
    replace: '',
    workflows: ['budgetLinear'],
  },
  {
    rule: 'L1: an effect starts without a look at the own deadline',
    file: 'run/step.js',
    find: 'if (!this.#attempt.ownership.mayAct())',
    replace: 'if (false)',
    workflows: ['retryDelay', 'looped', 'retry'],
  },
]
