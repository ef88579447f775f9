import { RegistryError } from '../../errors/registry-error.ts';
import { parseRegistryReference } from '../../oci/reference.ts';
import type { RepositoryName } from '../../oci/repository-name.ts';

/** Peers that may be asked for. */
export const peerNames = ['crane', 'skopeo', 'docker', 's5cmd', 'aws'] as const;
export type PeerName = (typeof peerNames)[number];

/** A repository of a registry. */
export interface RegistryRepository {
  readonly host: string;
  readonly name: RepositoryName;
}

/**
 * Reads `HOST/NAME`. The host must be written: who forgets it does not mean Docker Hub.
 * @throws RegistryError `reference-invalid`
 */
export function parseRegistryRepository(text: string): RegistryRepository {
  const reference = text.replace(/^docker:\/\//, '');
  const host = reference.slice(0, Math.max(0, reference.indexOf('/')));
  const hasHost = host === 'localhost' || /[.:]/.test(host);
  if (hasHost && !/[:@]/.test(reference.slice(host.length))) {
    const { host, repository } = parseRegistryReference(reference);
    return { host, name: repository };
  }
  throw new RegistryError(
    'reference-invalid',
    `Cannot push to ${JSON.stringify(text.slice(0, 200))}: wanted HOST/NAME without tag and digest`,
    {
      hint: 'Tags are chosen by the bench. A registry that makes no repository by a push needs it to be there: "registry.example.com/bench".',
    },
  );
}

/** @throws RegistryError `usage-invalid` */
export function parsePeers(texts: readonly string[]): readonly PeerName[] {
  return [...new Set(texts)].map((text) => {
    const name = peerNames.find((each) => each === text);
    if (name !== undefined) return name;
    throw new RegistryError('usage-invalid', `Cannot take --peers ${JSON.stringify(text)}: wanted ${peerNames.join(', ')}`);
  });
}
