import type { VerifiedManifest } from './manifest-reader.ts';

/**
 * Sorts manifests into groups, so that each comes in a later group than those of its children and its subject that are among them; within a group the order is free.
 * There are no circles, since a digest covers the digests in it. Not recursive: a chain of subjects may be as long as a hostile source likes.
 */
export function orderManifests(manifests: ReadonlyMap<string, VerifiedManifest>): VerifiedManifest[][] {
  const waiting = new Map<string, Set<string>>();
  const neededBy = new Map<string, string[]>();
  for (const [digest, verified] of manifests) {
    const needs = new Set(needsOf(verified).filter((need) => manifests.has(need)));
    waiting.set(digest, needs);
    for (const need of needs) neededBy.set(need, [...(neededBy.get(need) ?? []), digest]);
  }
  const groups: VerifiedManifest[][] = [];
  let ready = [...waiting].filter(([, needs]) => needs.size === 0).map(([digest]) => digest);
  while (ready.length > 0) {
    groups.push(ready.map((digest) => manifests.get(digest)).filter((verified) => verified !== undefined));
    const next = new Set<string>();
    for (const digest of ready) {
      for (const parent of neededBy.get(digest) ?? []) {
        const needs = waiting.get(parent);
        needs?.delete(digest);
        if (needs?.size === 0) next.add(parent);
      }
    }
    ready = [...next];
  }
  return groups;
}

function needsOf({ manifest }: VerifiedManifest): string[] {
  const children = manifest.kind === 'index' ? manifest.manifests.map(({ digest }) => digest) : [];
  return manifest.subject === undefined ? children : [...children, manifest.subject.digest];
}
