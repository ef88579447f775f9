import type { Skipped } from '../../bench/bench-result.ts';
import { openBucketTraces } from '../../bench/bucket-traces.ts';
import type { Contestant } from '../../bench/contestant.ts';
import { parseRepositoryName, type RepositoryName } from '../../oci/repository-name.ts';
import { openBucket } from '../../runtime/open-bucket.node.ts';
import { openRemovalOf } from '../../runtime/open-remote-removal.node.ts';
import type { ResolvedBucketPlace } from '../../runtime/resolve-place.node.ts';
import type { ConnectionOptions } from '../../runtime/connection-options.ts';
import type { Environment } from '../environment.ts';
import { ownProgram as bucketry } from '../own-program.node.ts';
import type { PeerName, RegistryRepository } from './bench-places.ts';
import { createBucketPushes, createObjectPeers } from './bucket-side.node.ts';
import { hasProgram } from './find-program.node.ts';
import { createRegistrySide } from './registry-side.node.ts';

export interface FieldOptions {
  readonly address: ResolvedBucketPlace['address'];
  readonly registry: RegistryRepository | undefined;
  readonly peers: readonly PeerName[];
  readonly layers: number;
  readonly id: string;
  /** What peers run with. */
  readonly environment: Environment;
  /** How we reach the bucket and the registry. */
  readonly connection: ConnectionOptions;
  /** The same as flags. */
  readonly connectionWords: readonly string[];
}

/** All who take part, and what must be closed after them. */
export interface Field {
  /** Registry pushes, bucket pushes, single objects. */
  readonly contestants: readonly Contestant[];
  readonly skipped: readonly Skipped[];
  /**
   * Removes what a first push into the bucket has left besides, and closes connections.
   * @returns what is still there, and why
   */
  close(signal: AbortSignal): Promise<readonly string[]>;
}

const objectPeers: ReadonlySet<PeerName> = new Set(['s5cmd', 'aws']);

/**
 * Opens the bucket and the registry, and puts up who pushes to them: ours, and of the others those that were asked for and are there. Nothing is sent yet.
 * @throws BucketError, RegistryError what the store and the registry answer
 */
export async function openField(options: FieldOptions, signal: AbortSignal): Promise<Field> {
  const { address, id, environment, registry, connection, connectionWords } = options;
  const bucket = await openBucket(address, { ...connection, signal, forWriting: true });
  const remote = registry && (await openRemovalOf(registry.host, registry.name, connection));
  const closeAll = async (): Promise<void> => void (await Promise.all([bucket.close(), remote?.close()]));
  try {
    const repository = benchRepository(id);
    const traces = await openBucketTraces(bucket, repository, signal);
    const side =
      remote &&
      registry &&
      (await createRegistrySide(
        registry,
        remote,
        { bucketry, connection: connectionWords, insecure: connection.insecure ?? false },
        signal,
      ));
    const bucketOptions = { bucketry, connection: connectionWords, address, repository, traces, environment };
    const chosen = await choosePeers({ ...side?.peers, ...(await createObjectPeers(bucketOptions)) }, options);
    const [registryPeers, others] = [chosen.present.filter(isRegistry), chosen.present.filter((peer) => !isRegistry(peer))];
    return {
      contestants: [...(side ? [side.own] : []), ...registryPeers, ...createBucketPushes(bucketOptions), ...others],
      skipped: chosen.skipped,
      async close(one) {
        try {
          await traces.removeFormat(one);
          return [];
        } catch (error) {
          return [
            `what a first push writes into the bucket besides, if this was the first: ${error instanceof Error ? error.message : String(error)}`,
          ];
        } finally {
          await closeAll();
        }
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** The repository that a bench uses in the bucket, and nobody else. */
export function benchRepository(id: string): RepositoryName {
  return parseRepositoryName(`bucketry-bench-${id}`);
}

interface ChosenPeers {
  readonly present: readonly Contestant[];
  readonly skipped: readonly Skipped[];
}

async function choosePeers(possible: Partial<Record<PeerName, Contestant>>, options: FieldOptions): Promise<ChosenPeers> {
  const present: Contestant[] = [];
  const skipped: Skipped[] = [];
  for (const name of options.peers) {
    const contestant = possible[name];
    const reason = await explainAbsence(name, contestant, options);
    if (contestant !== undefined && reason === undefined) present.push(contestant);
    else skipped.push({ name, reason: reason ?? 'it cannot take part' });
  }
  return { present, skipped };
}

async function explainAbsence(
  name: PeerName,
  contestant: Contestant | undefined,
  { layers, environment }: FieldOptions,
): Promise<string | undefined> {
  const isObjectPeer = objectPeers.has(name);
  if (contestant === undefined) return isObjectPeer ? 'the bucket is not of a store that speaks S3' : 'it wants --registry';
  if (isObjectPeer && layers > 1) return 'it sends one file, the layer: it wants --layers 1';
  return (await hasProgram(name, environment)) ? undefined : 'it is not on PATH';
}

function isRegistry({ way }: Contestant): boolean {
  return way === 'registry';
}
