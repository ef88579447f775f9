import type { Descriptor } from '../oci/descriptor.ts';
import type { ByteSource, ByteStream } from '../streams/byte-source.ts';
import { verify } from '../streams/verify.ts';

/** A blob on its way to a registry, as often as it is sent. */
export interface UploadBody {
  /** Verified whenever it is opened; opened whole. */
  readonly source: ByteSource;
  /** What the bytes themselves last failed with, at their origin or because they are not what was promised: sending them again mends nothing. */
  readonly failure: unknown;
}

/** Watches the bytes of one blob, and tells how many more were sent; those of an attempt before are taken back. */
export function createUploadBody(blob: Descriptor, bytes: ByteSource, onProgress: ((bytes: number) => void) | undefined): UploadBody {
  let told = 0;
  let failure: unknown;
  const tell = (count: number): void => {
    told += count;
    if (count !== 0) onProgress?.(count);
  };
  async function* open(signal: AbortSignal | undefined): ByteStream {
    tell(-told);
    try {
      for await (const chunk of verify(bytes.open({ signal }), blob)) {
        yield chunk;
        tell(chunk.byteLength);
      }
    } catch (error) {
      failure = error;
      throw error;
    }
  }
  return {
    source: { size: blob.size, seekable: false, open: ({ signal } = {}) => open(signal) },
    get failure() {
      return failure;
    },
  };
}
