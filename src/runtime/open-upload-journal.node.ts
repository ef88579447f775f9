import { isAbsolute, join } from 'node:path';
import type { UploadJournal } from '../registry/upload-journal.ts';
import { systemClock } from '../streams/clock.ts';
import type { ResolvedBucketPlace } from './resolve-place.node.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The journal of what this user sends to a store; undefined for a directory, which tells all of its parts itself, and for a user without a home. */
export async function openUploadJournal(
  address: ResolvedBucketPlace['address'],
  location: string,
  environment: Environment,
): Promise<UploadJournal | undefined> {
  const stateFolder = findStateFolder(environment);
  if ((address.kind !== 's3' && address.kind !== 'r2') || stateFolder === undefined) return undefined;
  const { openJournalFolder } = await import('../registry/upload-journal.node.ts');
  return openJournalFolder({ folder: join(stateFolder, 'uploads'), location, clock: systemClock });
}

/** Where programs keep what may be lost, but is better kept (XDG Base Directory Specification). */
function findStateFolder(environment: Environment): string | undefined {
  const { XDG_STATE_HOME: stateHome = '', HOME: home } = environment;
  if (isAbsolute(stateHome)) return join(stateHome, 'bucketry');
  return home ? join(home, '.local', 'state', 'bucketry') : undefined;
}
