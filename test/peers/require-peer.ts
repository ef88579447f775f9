import { describe, test } from 'vitest';
import { explainMissing, findPeer } from './peer-cache.ts';
import { PEERS } from './peers.ts';
import type { PeerName } from './peers.ts';

declare module 'vitest' {
  interface TaskMeta {
    /** Why a suite was skipped; the closing report prints it beside the name of each test in it. */
    skipReason?: string;
  }
}

/** What becomes of a suite that needs peers. */
export type PeerDecision = { readonly outcome: 'run' } | { readonly outcome: 'skip' | 'fail'; readonly reason: string };

/** What the decision depends on; the machine's own state by default, given in tests of the decision itself. */
export interface PeerCircumstances {
  readonly isCi: boolean;
  readonly isRoot: boolean;
  readonly find: (name: PeerName) => string | undefined;
}

/**
 * Decides whether a suite can run. A missing peer skips it, with the reason; under `CI=true` one of the CI set is a
 * failure, since nobody would read the reason there.
 */
export function decidePeers(names: readonly PeerName[], circumstances: PeerCircumstances = readCircumstances()): PeerDecision {
  const missing = names.filter((name) => circumstances.find(name) === undefined);
  const isPromised = circumstances.isCi && missing.some((name) => PEERS[name].set === 'ci');
  if (missing.length > 0) {
    return { outcome: isPromised ? 'fail' : 'skip', reason: explainMissing(missing) };
  }
  const privileged = names.filter((name) => PEERS[name].needsRoot === true);
  if (privileged.length > 0 && !circumstances.isRoot) {
    const reason = `${privileged.join(', ')} can be tested by root only`;
    return { outcome: circumstances.isCi ? 'fail' : 'skip', reason };
  }
  return { outcome: 'run' };
}

/** A `describe` whose tests run where its peers are installed, and are otherwise skipped by name, with the reason. */
export function describePeer(names: PeerName | readonly PeerName[], title: string, tests: () => void): void {
  const decision = decidePeers(typeof names === 'string' ? [names] : names);
  switch (decision.outcome) {
    case 'run':
      describe(title, tests);
      break;
    case 'skip':
      describe.skip(title, { meta: { skipReason: decision.reason } }, tests);
      break;
    case 'fail':
      test(title, () => {
        throw new Error(decision.reason);
      });
  }
}

function readCircumstances(): PeerCircumstances {
  return {
    isCi: process.env['CI'] === 'true',
    isRoot: process.getuid?.() === 0,
    find: (name) => findPeer(name),
  };
}
