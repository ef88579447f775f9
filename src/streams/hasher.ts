import { RegistryError } from '../errors/registry-error.ts';
import { builtin } from './builtin.ts';

/** A running digest. */
export interface Hasher {
  update(bytes: Uint8Array): void;
  /** Lower-case hex of all bytes so far; may be asked again after more bytes. */
  hex(): string;
}

/** Begins a digest of SHA-256, SHA-512 or MD5 (the last only to compare with what stores call an ETag). */
export function createHasher(algorithm: 'sha256' | 'sha512' | 'md5'): Hasher {
  const crypto = builtin('node:crypto');
  if (!crypto)
    throw new RegistryError('internal', `Cannot compute ${algorithm}: this runtime has no streaming digest`, {
      hint: 'On Workers, set the compatibility flag "nodejs_compat".',
    });
  const running = crypto.createHash(algorithm);
  return {
    update: (bytes) => void running.update(bytes),
    hex: () => running.copy().digest('hex'),
  };
}

/** The digest of bytes in memory, in lower-case hex. */
export function digestHex(algorithm: 'sha256' | 'sha512' | 'md5', bytes: Uint8Array): string {
  const hasher = createHasher(algorithm);
  hasher.update(bytes);
  return hasher.hex();
}
