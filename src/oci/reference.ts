import { RegistryError } from '../errors/registry-error.ts';
import { type Digest, parseDigest } from './digest.ts';
import { parseRepositoryName, parseTag, type RepositoryName, type Tag } from './repository-name.ts';

/** An image in a registry. With a digest, the tag is only what a person called it. */
export interface RegistryReference {
  /** Lower-case name, or address, and port: `docker.io`, `localhost:5000`, `[::1]:5000`. Docker Hub is always `docker.io`, whatever host answers for it. */
  readonly host: string;
  readonly repository: RepositoryName;
  readonly tag?: Tag | undefined;
  readonly digest?: Digest | undefined;
}

/** Docker Hub's name in references, also when none is written. */
const dockerHub = 'docker.io';

const hubAliases: ReadonlySet<string> = new Set([dockerHub, 'index.docker.io', 'registry-1.docker.io']);
const maxReferenceLength = 1024;
const label = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?';
const hostGrammar = new RegExp(`^(?:${label}(?:\\.${label})*|\\[[0-9a-f:.]{2,45}\\])(?::(?<port>[0-9]{1,5}))?$`);

/**
 * Reads a reference as Docker's clients do: what comes before the first `/` is a host if it has a `.` or `:` or is `localhost` (or, with Docker alone,
 * capital letters: here they are an error of the name); else the host is `docker.io`, and a name of one component there lies under `library/`. With neither tag nor digest, the tag is `latest`.
 * @throws RegistryError `reference-invalid`, `name-invalid`, `tag-invalid`, `digest-invalid`, `digest-unsupported`
 */
export function parseRegistryReference(text: string): RegistryReference {
  if (text === '' || text.length > maxReferenceLength) throw invalid(text, 'wanted [HOST[:PORT]/]NAME[:TAG][@DIGEST]');
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : parseDigest(text.slice(at + 1));
  const [hostText, path] = splitHost(at < 0 ? text : text.slice(0, at));
  const colon = path.indexOf(':');
  const host = parseHost(hostText, text);
  const name = colon < 0 ? path : path.slice(0, colon);
  const tag = colon < 0 ? undefined : parseTag(path.slice(colon + 1));
  return {
    host,
    repository: parseRepositoryName(host === dockerHub && !name.includes('/') ? `library/${name}` : name),
    tag: tag ?? (digest === undefined ? parseTag('latest') : undefined),
    digest,
  };
}

/** The whole reference, with host and `library/`: reads back as the same. */
export function formatRegistryReference({ host, repository, tag, digest }: RegistryReference): string {
  return `${host}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** Host, if one is written, and the rest. */
function splitHost(text: string): [host: string, rest: string] {
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(slash, 0));
  return first === 'localhost' || /[.:]/.test(first) ? [first, text.slice(slash + 1)] : [dockerHub, text];
}

/** Whether a text is a host as references have it: a lower-case name or address, with a port or without. */
export function isHost(text: string): boolean {
  const match = hostGrammar.exec(text);
  const port = Number(match?.groups?.['port'] ?? 443);
  return match !== null && text.length <= 255 && port >= 1 && port <= 65_535;
}

function parseHost(hostText: string, text: string): string {
  const host = hostText.toLowerCase();
  if (!isHost(host)) {
    throw invalid(text, `wanted a host name and port before the first "/", found ${JSON.stringify(hostText.slice(0, 100))}`);
  }
  return hubAliases.has(host) ? dockerHub : host;
}

function invalid(text: string, why: string): RegistryError {
  return new RegistryError('reference-invalid', `Cannot read ${JSON.stringify(text.slice(0, 200))} as a reference: ${why}`, {
    hint: 'References look like "alpine:3.20", "ghcr.io/org/app@sha256:…" or "localhost:5000/app:1.0".',
  });
}
