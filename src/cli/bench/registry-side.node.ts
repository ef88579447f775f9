import type { CommandLine, Contestant } from '../../bench/contestant.ts';
import { createRegistryPush } from '../../bench/own-contestants.ts';
import { createCrane, createDocker, createSkopeo, type RegistryPeerOptions } from '../../bench/registry-peers.ts';
import { removeFromRegistry } from '../../bench/registry-traces.ts';
import { parseTag } from '../../oci/repository-name.ts';
import type { OpenedRemoval } from '../../runtime/open-remote-removal.node.ts';
import type { PeerName, RegistryRepository } from './bench-places.ts';

export interface RegistrySide {
  /** Bucketry's own push to it. */
  readonly own: Contestant;
  readonly peers: Partial<Record<PeerName, Contestant>>;
}

export interface RegistrySideOptions {
  readonly bucketry: CommandLine;
  /** Flags for bucketry's connections. */
  readonly connection: readonly string[];
  readonly insecure: boolean;
}

/** Those who push images to a registry, all into one repository, under tags of their own. */
export async function createRegistrySide(
  { host, name }: RegistryRepository,
  remote: OpenedRemoval,
  { bucketry, connection, insecure }: RegistrySideOptions,
  signal: AbortSignal,
): Promise<RegistrySide> {
  const where = `${host}/${name}`;
  const refer: RegistryPeerOptions['refer'] = ({ run }) => `${where}:${run}`;
  const remove: Contestant['remove'] = ({ run, image }, one) => removeFromRegistry({ ...remote, where }, parseTag(run), image, one);
  const isInsecure = insecure || !(await remote.isSecure(signal));
  const options: RegistryPeerOptions = { bucketry, refer, isInsecure, remove };
  return {
    own: createRegistryPush({ bucketry, connection, locate: (stage) => `docker://${refer(stage)}`, remove }),
    peers: { crane: createCrane(options), skopeo: createSkopeo(options), docker: createDocker(options) },
  };
}
