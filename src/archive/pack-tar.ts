import type { ByteSource, ByteStream } from '../streams/byte-source.ts';
import { encodeTarHeader, tarBlockBytes, tarPaddingBytes } from './tar-header.ts';

/** A file to be packed. */
export interface TarFile {
  /** Relative, with `/`. */
  readonly name: string;
  readonly source: ByteSource;
  readonly isExecutable?: boolean | undefined;
}

/**
 * Packs files into a tar, in the order given and read one after the other. The same files give the same bytes: no owner, no time.
 * A source must give exactly its `size`, else the tar is broken: whoever reads it must have verified it.
 */
export async function* packTar(files: Iterable<TarFile>, signal?: AbortSignal): ByteStream {
  for (const { name, source, isExecutable } of files) {
    yield encodeTarHeader({ name, size: source.size, isExecutable });
    yield* source.open({ signal });
    yield new Uint8Array(tarPaddingBytes(source.size));
  }
  yield new Uint8Array(2 * tarBlockBytes);
}
