import { hasCode } from '../errors/coded-error.ts';
import { RegistryError } from '../errors/registry-error.ts';
import { fallbackTagOf } from '../oci/fallback-tag.ts';
import { formatKey, referrerMarkersPrefix } from '../layout/keys.ts';
import { formatReferrerMarker, parseReferrerMarker } from '../layout/markers.ts';
import { documentHeaders, manifestHeaders, referrersHeaders } from '../layout/objects.ts';
import { parseKey } from '../layout/parse-key.ts';
import { emptyReferrersIndex, formatReferrersIndex, parseReferrersIndex, type Referrer } from '../layout/referrers-index.ts';
import type { Digest } from '../oci/digest.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { mapConcurrently, runTogether } from '../streams/concurrency.ts';
import { digestHex } from '../streams/hasher.ts';
import { type DerivedObject, rebuildDerivedObject } from './derived-object.ts';
import type { RepositoryContext, RequestOptions } from './repository-context.ts';
import { isSameBytes, readObject, writeObject } from './small-objects.ts';

/*
 * What refers to a manifest (signatures, attestations, …).
 *
 * Objects: the truth is one marker for each pair of subject and referrer, whose body is the referrer's descriptor. From the markers of a subject are derived: the index at the
 * subject's referrers key (which every manifest has, empty or not: clients that meet 403 there give up), and, once something refers, the same bytes under the fallback tag
 * and under their own digest, for clients that resolve the tag and go on by digest. That last copy is no image of anybody's and has no referrers key of its own.
 *
 * Order of writes: the referring manifest → its marker → the index, and beside it the digest-addressed copy → the fallback tag. A crash in between leaves an index or a fallback
 * tag that does not list the new referrer yet; everything that is listed is there. The same command again ends it. When the last referrer goes, the
 * fallback tag stays, as an empty index: a delete has no condition, and could take away what somebody else just wrote.
 */

/** Most markers that are read at once. */
const maxReads = 16;

/** What refers to the manifests of one repository. */
export interface Referrers {
  /** Whether a subject has its index, empty or not. */
  has(subject: Digest, options?: RequestOptions): Promise<boolean>;
  /** As `has`, with what makes the index where there is none. */
  look(subject: Digest, options?: RequestOptions): Promise<SubjectLook>;
  /** Makes a subject's index, and its fallback, say what refers to it: nothing yet, or what came before the subject itself. */
  rebuild(subject: Digest, options?: RequestOptions): Promise<void>;
  /**
   * Records a referrer, whose manifest is there already; the subject may come later.
   * @throws RegistryError `manifest-too-large` when the index would be more than clients read; the referrer is then not recorded
   */
  add(subject: Digest, referrer: Referrer, options?: RequestOptions): Promise<void>;
  /** Forgets a referrer; one that is not recorded is no error. */
  remove(subject: Digest, referrer: Digest, options?: RequestOptions): Promise<void>;
  /** Takes a subject's index away before the subject itself is deleted, unless something still refers to it. */
  drop(subject: Digest, options?: RequestOptions): Promise<void>;
  /**
   * What refers to a subject, as its index says; undefined where it has none.
   * @throws RegistryError `format-invalid`
   */
  list(subject: Digest, options?: RequestOptions): Promise<readonly Referrer[] | undefined>;
}

/** What was seen of a subject's index. */
export interface SubjectLook {
  readonly isThere: boolean;
  /** Makes the index, unless it is there. */
  publish(options?: RequestOptions): Promise<void>;
}

/** The referrers of a repository. */
export function createReferrers({ bucket, name, clock }: RepositoryContext): Referrers {
  const indexKey = (subject: Digest) => formatKey({ kind: 'referrers', name, digest: subject });
  const markerKey = (subject: Digest, referrer: Digest) => formatKey({ kind: 'referrer-marker', name, subject, referrer });

  const listMarkers = async (subject: Digest, signal: AbortSignal | undefined): Promise<Digest[]> => {
    const digests: Digest[] = [];
    for await (const entry of bucket.list({ prefix: referrerMarkersPrefix(name, subject), signal })) {
      const spec = entry.kind === 'object' ? parseKey(entry.key) : undefined;
      if (spec?.kind === 'referrer-marker') digests.push(spec.referrer);
    }
    return digests;
  };

  const readMarker = async (subject: Digest, digest: Digest, signal: AbortSignal): Promise<Referrer | undefined> => {
    const stored = await readObject(bucket, markerKey(subject, digest), { signal });
    const referrer = stored && parseReferrerMarker(stored.bytes);
    if (referrer && referrer.digest !== digest) {
      throw new RegistryError(
        'format-invalid',
        `Cannot list the referrers of "${subject}" in "${name}": the marker of "${digest}" holds "${referrer.digest}"`,
      );
    }
    return referrer;
  };

  const deriveIndex = async (subject: Digest, signal: AbortSignal): Promise<Uint8Array> => {
    const digests = await listMarkers(subject, signal);
    const referrers = await mapConcurrently(digests, maxReads, (digest, one) => readMarker(subject, digest, one), signal);
    return formatReferrersIndex(referrers.filter((referrer) => referrer !== undefined));
  };

  const describeIndex = (subject: Digest): DerivedObject => ({
    key: indexKey(subject),
    isProbablyNew: true,
    derive: (signal) => deriveIndex(subject, signal),
    headers: (bytes) => referrersHeaders(digestOf(bytes)),
  });

  const rebuild = async (subject: Digest, options: RequestOptions): Promise<void> => {
    const index = describeIndex(subject);
    const fallback: DerivedObject = {
      ...index,
      key: formatKey({ kind: 'fallback-tag', name, tag: fallbackTagOf(subject) }),
      absentBytes: emptyReferrersIndex,
      async beforeWrite(bytes, signal) {
        const digest = digestOf(bytes);
        const headers = manifestHeaders({ mediaType: mediaTypes.imageIndex }, digest);
        await writeObject(bucket, formatKey({ kind: 'manifest', name, digest }), bytes, { ...headers, signal });
      },
    };
    await runTogether(
      [index, fallback].map((object) => (signal) => rebuildDerivedObject(bucket, object, clock, { signal })),
      options.signal,
    );
  };

  const referrers: Referrers = {
    has: async (subject, options = {}) => (await bucket.head(indexKey(subject), options)) !== undefined,
    async look(subject, options = {}) {
      let isThere = false;
      let derived: Uint8Array = emptyReferrersIndex;
      await runTogether(
        [
          async (signal) => void (isThere = await referrers.has(subject, { signal })),
          async (signal) => void (derived = await deriveIndex(subject, signal)),
        ],
        options.signal,
      );
      return {
        isThere,
        async publish({ signal } = {}) {
          if (isThere) return;
          // Where nothing refers yet, there need be no fallback; whoever refers from now on makes it
          if (!isSameBytes(derived, emptyReferrersIndex)) return rebuild(subject, { signal });
          await rebuildDerivedObject(bucket, describeIndex(subject), clock, { prepared: { there: undefined, derived }, signal });
        },
      };
    },
    rebuild: (subject, options = {}) => rebuild(subject, options),
    async add(subject, referrer, options = {}) {
      const marker = formatReferrerMarker(referrer);
      await writeObject(bucket, markerKey(subject, referrer.digest), marker, { ...documentHeaders(), ...options });
      try {
        await rebuild(subject, options);
      } catch (error) {
        // One too many for the index: with its marker left, no other could be added or removed.
        if (hasCode(error, 'manifest-too-large')) await bucket.delete(markerKey(subject, referrer.digest), options);
        throw error;
      }
    },
    async remove(subject, referrer, options = {}) {
      await bucket.delete(markerKey(subject, referrer), options);
      await rebuild(subject, options);
    },
    async drop(subject, options = {}) {
      await bucket.delete(indexKey(subject), options);
      // Looked at after the delete: who refers now either wrote the marker before this listing, or rebuilds after the delete.
      if ((await listMarkers(subject, options.signal)).length > 0) await rebuild(subject, options);
    },
    async list(subject, options = {}) {
      const stored = await readObject(bucket, indexKey(subject), options);
      return stored && parseReferrersIndex(stored.bytes);
    },
  };
  return referrers;
}

function digestOf(index: Uint8Array): Digest {
  return `sha256:${digestHex('sha256', index)}` as Digest;
}
