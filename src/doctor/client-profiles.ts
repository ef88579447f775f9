import type { FindingId } from './finding-texts.ts';
import type { PullAsk } from './pull-content.ts';

/** One request of a client's pull by tag, in the order of its requests. */
export interface PullStep {
  readonly ask: PullAsk;
  /** Statuses after which it goes on; `any`: it does not look. Those that bring content must then bring the right one. */
  readonly goesOnAfter: readonly number[] | 'any';
  /** Only asked where the step before was answered so. */
  readonly onlyAfter?: number | undefined;
}

/** How a client pulls. */
export interface ClientProfile {
  /** How `--for` and the JSON result name it. */
  readonly id: string;
  readonly title: string;
  /** Other programs that ask for the same, and answer to their names in `--for`. */
  readonly aliases: readonly string[];
  readonly steps: readonly PullStep[];
  /** Takes a manifest that comes without any content type for what its bytes are. */
  readonly takesMissingType?: boolean | undefined;
  /** Wants the length of a manifest beforehand, or its digest as a header. */
  readonly wantsManifestLength?: boolean | undefined;
  /** Follows no redirect to an address of a private network or of this machine, when the host changes. */
  readonly refusesPrivateRedirects?: boolean | undefined;
  /** Remarks that are about it, beside those that are about all. */
  readonly minds: readonly FindingId[];
  /** Seen to pull, or to fail, as its steps say, by a test with the program itself; else from its sources. */
  readonly basis: 'tried' | 'sources';
}

/** Remarks that are about every client. */
export const everyoneMinds: readonly FindingId[] = ['plain-http', 'encoding-added', 'tags-cached', 'missing-cached'];

const ok = [200] as const;
const content = (asks: readonly PullAsk[]): readonly PullStep[] => asks.map((ask) => ({ ask, goesOnAfter: ok }));
/** What a ping must answer for those who look. */
const ping: PullStep = { ask: 'api', goesOnAfter: [200, 401] };
const containerdSteps: readonly PullStep[] = content(['tag-head', 'tag', 'root', 'image', 'config', 'layer']);

/**
 * What each client asks for when it pulls an image of several platforms by tag, and what it bears. The only place where clients are told apart; `test/interop/doctor.test.ts`
 * holds it to the clients themselves.
 */
export const clientProfiles: readonly ClientProfile[] = [
  {
    id: 'docker',
    title: 'Docker, classic image store',
    aliases: [],
    steps: [
      { ask: 'api', goesOnAfter: 'any' },
      { ask: 'tag-head', goesOnAfter: 'any' },
      ...content(['tag', 'root', 'image', 'config', 'layer']),
    ],
    minds: ['ranges-ignored'],
    basis: 'tried',
  },
  {
    id: 'docker-containerd',
    title: 'Docker 29 and later, containerd image store',
    aliases: ['docker-29'],
    steps: [
      ...containerdSteps,
      // What buildx adds beside an image may itself be signed: this is asked before the pull is over, and refusals end it.
      { ask: 'referrers', goesOnAfter: [200, 404] },
      { ask: 'referrers-tag', goesOnAfter: [200, 404], onlyAfter: 404 },
    ],
    minds: ['digest-header-missing', 'query-refused'],
    basis: 'sources',
  },
  {
    id: 'containerd',
    title: 'containerd, nerdctl, Kubernetes, BuildKit',
    aliases: ['nerdctl', 'kubernetes', 'buildkit'],
    steps: containerdSteps,
    minds: ['digest-header-missing', 'query-refused', 'ranges-ignored'],
    basis: 'tried',
  },
  {
    id: 'podman',
    title: 'podman, skopeo, buildah, CRI-O',
    aliases: ['skopeo', 'buildah', 'cri-o'],
    steps: [ping, ...content(['tag', 'image', 'config', 'layer'])],
    minds: [],
    basis: 'tried',
  },
  {
    id: 'crane',
    title: 'crane, ko, kaniko, cosign',
    aliases: ['ko', 'kaniko', 'cosign'],
    steps: [ping, ...content(['tag', 'image', 'config', 'layer'])],
    refusesPrivateRedirects: true,
    minds: ['missing-answers-403'],
    basis: 'tried',
  },
  {
    id: 'regctl',
    title: 'regctl',
    aliases: [],
    steps: content(['tag', 'image', 'config', 'layer']),
    takesMissingType: true,
    minds: [],
    basis: 'tried',
  },
  {
    id: 'oras',
    title: 'oras, helm, flux',
    aliases: ['helm', 'flux'],
    steps: content(['tag', 'image', 'config', 'layer']),
    wantsManifestLength: true,
    minds: ['digest-header-missing', 'missing-answers-403', 'referrers-partly'],
    basis: 'tried',
  },
];

/** All names that `--for` takes. */
export const clientNames: readonly string[] = clientProfiles.flatMap(({ id, aliases }) => [id, ...aliases]);

/** The client of that name, or that asks for the same as the one of that name. */
export function findClient(name: string): ClientProfile | undefined {
  return clientProfiles.find(({ id, aliases }) => id === name || aliases.includes(name));
}
