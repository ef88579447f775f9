import { builtin } from './builtin.ts';
import { RegistryError } from '../errors/registry-error.ts';

/** Tells within this process, at next to no cost, whether two readings gave the same bytes. */
export interface Fingerprint {
  update(bytes: Uint8Array): void;
  /** Ends it. Equal for equal bytes, however they were cut. */
  value(): string;
}

/** The key of this process, for its own threads. */
export const fingerprintKey: () => Uint8Array = once(() => crypto.getRandomValues(new Uint8Array(16)));
const noNonce = new Uint8Array(12);

/**
 * Begins a fingerprint: GHASH, the universal hash of AES-GCM, under a key that this process drew by chance and that never leaves it, as its values must not. Other bytes of the same
 * length have the same value with a probability below 2^-100 for anything up to 1 GiB, also where somebody chose them to deceive: to find a pair takes the key. It costs a tenth of a SHA-256.
 * @param key of 16 bytes; that of this process, if left out
 */
export function createFingerprint(key: Uint8Array = fingerprintKey()): Fingerprint {
  const nodeCrypto = builtin('node:crypto');
  if (!nodeCrypto) throw new RegistryError('internal', 'Cannot compare readings: this runtime has no streaming AES-GCM');
  const running = nodeCrypto.createCipheriv('aes-128-gcm', key, noNonce);
  return {
    update: (bytes) => void running.setAAD(bytes),
    value() {
      running.final();
      return running.getAuthTag().toString('hex');
    },
  };
}

/** Not while the module is loaded: Workers draw nothing by chance then. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
