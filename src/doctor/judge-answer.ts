import { isCertificateError } from '../http/connection-error.ts';
import { redactUrl } from '../http/redact.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { digestAlgorithm, digestEncoded } from '../oci/digest.ts';
import { maxManifestBytes } from '../oci/manifest.ts';
import { digestHex } from '../streams/hasher.ts';
import type { ClientProfile, PullStep } from './client-profiles.ts';
import { decodeBody } from './decode-body.ts';
import type { FindingId } from './finding-texts.ts';
import type { Problem } from './findings.ts';
import { isPrivateAddress } from './private-address.ts';
import { maxBlobBytes, type PullAsk, readAsManifest } from './pull-content.ts';
import { contentEncodingOf, contentLengthOf, contentTypeOf, type SiteAnswer } from './site-answer.ts';

/** What a status other than the wanted ones means, by what was asked for. */
const refusals: Readonly<Record<PullAsk, FindingId>> = {
  api: 'api-missing',
  'tag-head': 'head-refused',
  tag: 'image-missing',
  root: 'manifest-missing',
  image: 'manifest-missing',
  config: 'blob-missing',
  layer: 'blob-missing',
  referrers: 'referrers-refused',
  'referrers-tag': 'referrers-refused',
};
const manifestAsks: ReadonlySet<PullAsk> = new Set(['tag', 'root', 'image']);
const blobAsks: ReadonlySet<PullAsk> = new Set(['config', 'layer']);

/** Why a client stops at an answer; undefined where it goes on. `expected` is what the bytes must be, where that is known. */
export async function judgeAnswer(
  { ask, goesOnAfter }: PullStep,
  answer: SiteAnswer,
  expected: Descriptor | undefined,
  client: ClientProfile,
): Promise<Problem | undefined> {
  const id =
    judgeConnection(answer, client) ??
    (goesOnAfter === 'any' || goesOnAfter.includes(answer.status) ? undefined : judgeStatus(ask, answer.status)) ??
    (answer.status !== 200 ? undefined : await judgeContent(ask, answer, expected, client));
  return id && { id, seen: describeAnswer(ask, answer, id) };
}

function judgeConnection({ failure, urls }: SiteAnswer, { refusesPrivateRedirects = false }: ClientProfile): FindingId | undefined {
  if (refusesPrivateRedirects && urls.some((url) => url.hostname !== urls[0]?.hostname && isPrivateAddress(url.hostname)))
    return 'private-redirect';
  if (!failure) return undefined;
  if (isCertificateError(failure)) return 'certificate-untrusted';
  return failure.code === 'response-invalid' && urls.length > 1 ? 'redirect-leaves-tls' : 'unreachable';
}

function judgeStatus(ask: PullAsk, status: number): FindingId {
  if (ask === 'tag' && status === 403) return 'not-public';
  if (status === 429) return 'rate-limited';
  if (status === 401) return 'login-wanted';
  return status >= 500 ? 'host-failing' : refusals[ask];
}

async function judgeContent(
  ask: PullAsk,
  answer: SiteAnswer,
  expected: Descriptor | undefined,
  client: ClientProfile,
): Promise<FindingId | undefined> {
  if (manifestAsks.has(ask)) return judgeManifest(answer, expected, client);
  return blobAsks.has(ask) && expected ? judgeBlob(answer, expected) : undefined;
}

async function judgeManifest(
  answer: SiteAnswer,
  expected: Descriptor | undefined,
  { takesMissingType = false, wantsManifestLength = false }: ClientProfile,
): Promise<FindingId | undefined> {
  const bytes = await decodeBody(answer, maxManifestBytes);
  if (!bytes) return 'encoding-breaks';
  if (expected && !fits(bytes, expected)) return contentEncodingOf(answer) === undefined ? 'digest-wrong' : 'encoding-breaks';
  const manifest = readAsManifest(bytes);
  if (!manifest) return 'manifest-invalid';
  const type = contentTypeOf(answer);
  if (type !== manifest.mediaType && !(type === '' && takesMissingType)) return 'type-wrong';
  const isMeasured = contentLengthOf(answer) !== undefined || answer.headers['docker-content-digest'] !== undefined;
  return wantsManifestLength && !isMeasured ? 'length-missing' : undefined;
}

/** A large blob is not read to its end: its length is all that is compared. */
async function judgeBlob(answer: SiteAnswer, expected: Descriptor): Promise<FindingId | undefined> {
  const isEncoded = contentEncodingOf(answer) !== undefined;
  const length = contentLengthOf(answer);
  if (!answer.isWhole) {
    // Whoever compresses on the way does not know the length beforehand: one that is the blob's own says that the stored bytes are declared so.
    if (isEncoded) return length === expected.size ? 'encoding-breaks' : undefined;
    return length !== undefined && length !== expected.size ? 'size-wrong' : undefined;
  }
  const bytes = await decodeBody(answer, maxBlobBytes * 4);
  if (bytes && fits(bytes, expected)) return undefined;
  if (isEncoded) return 'encoding-breaks';
  return answer.body.byteLength === expected.size ? 'digest-wrong' : 'size-wrong';
}

function fits(bytes: Uint8Array, { digest, size }: Descriptor): boolean {
  return bytes.byteLength === size && digestHex(digestAlgorithm(digest), bytes) === digestEncoded(digest);
}

/** The request, and of its answer what matters. */
function describeAnswer(ask: PullAsk, answer: SiteAnswer, id: FindingId): string {
  const [first] = answer.urls;
  const asked = `${ask === 'tag-head' ? 'HEAD' : 'GET'} ${first?.pathname ?? ''}`;
  if (id === 'private-redirect') return `${asked}: redirected to ${redactUrl(answer.urls.at(-1)?.origin ?? '')}`;
  if (answer.failure) return `${asked}: ${answer.failure.message}`;
  const { headers } = answer;
  const shown = id === 'type-wrong' ? ['content-type'] : /^encoding|^length/.test(id) ? ['content-encoding', 'content-length'] : [];
  return [`${asked}: ${answer.status}`, ...shown.map((name) => `${name}: ${(headers[name] ?? '(none)').slice(0, 100)}`)].join(', ');
}
