import type { ErrorCode } from '../errors/codes.ts';
import { hasCode } from '../errors/coded-error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { isDigest } from '../oci/digest.ts';
import type { ByteStream, OpenOptions } from '../streams/byte-source.ts';
import type { RemoteRepository } from './remote-repository.ts';

/** A mirror of a repository. */
export interface Mirror {
  readonly host: string;
  readonly repository: RemoteRepository;
  /** See `PullEndpoint`. */
  readonly serves: 'all' | 'tags' | 'digests';
}

/** Where a repository is read. */
export interface MirroredSources {
  readonly mirrors: readonly Mirror[];
  readonly registry: RemoteRepository;
}

/** What a mirror may lack; all else is a failure of it. */
const missingCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['tag-missing', 'manifest-missing', 'blob-missing', 'repository-missing']);

/**
 * One repository, read from its mirrors in their order, and from its registry what none of them has. A mirror that fails is not asked again. Lists come from the registry: a mirror
 * knows of what it was asked for only.
 * @param find is called before the first request, once
 * @param note is told of each mirror that failed, once
 */
export function openMirroredRepository(find: () => Promise<MirroredSources>, note: ((line: string) => void) | undefined): RemoteRepository {
  let sources: Promise<MirroredSources> | undefined;
  const failed = new Set<Mirror>();
  const findOnce = (): Promise<MirroredSources> => (sources ??= find());

  /** Decides whether the next may be asked after an error, and remembers whom not to ask again. */
  function passOver(mirror: Mirror, error: unknown, signal: AbortSignal | undefined): void {
    if (signal?.aborted || !hasCode(error) || error.code === 'internal') throw error;
    if (missingCodes.has(error.code)) return;
    if (!failed.has(mirror)) note?.(`note: the mirror ${mirror.host} is passed over. ${error.message}`);
    failed.add(mirror);
  }

  async function mirrorsFor(kind: 'tags' | 'digests' | 'blobs'): Promise<readonly Mirror[]> {
    const { mirrors } = await findOnce();
    return mirrors.filter((mirror) => !failed.has(mirror) && (kind === 'blobs' || mirror.serves === 'all' || mirror.serves === kind));
  }

  /** The first answer, of a mirror or else of the registry. */
  async function askEach<T>(
    kind: 'tags' | 'digests',
    ask: (repository: RemoteRepository) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    for (const mirror of await mirrorsFor(kind)) {
      try {
        return await ask(mirror.repository);
      } catch (error) {
        passOver(mirror, error, signal);
      }
    }
    return ask((await findOnce()).registry);
  }

  async function* readBlob(descriptor: Descriptor, { start = 0, end = descriptor.size, signal }: OpenOptions): ByteStream {
    let position = start;
    for (const mirror of await mirrorsFor('blobs')) {
      try {
        for await (const chunk of mirror.repository.blob(descriptor).open({ start: position, end, signal })) {
          position += chunk.byteLength;
          yield chunk;
        }
        return;
      } catch (error) {
        passOver(mirror, error, signal);
      }
    }
    yield* (await findOnce()).registry.blob(descriptor).open({ start: position, end, signal });
  }

  return {
    getManifest: (reference, options) =>
      askEach(isDigest(reference) ? 'digests' : 'tags', (repository) => repository.getManifest(reference, options), options?.signal),
    digestOf: (tag, options) => askEach('tags', (repository) => repository.digestOf(tag, options), options?.signal),
    blob: (descriptor) => ({ size: descriptor.size, seekable: false, open: (options = {}) => readBlob(descriptor, options) }),
    async *listTags(options) {
      yield* (await findOnce()).registry.listTags(options);
    },
    listReferrers: async (subject, options) => (await findOnce()).registry.listReferrers(subject, options),
  };
}
