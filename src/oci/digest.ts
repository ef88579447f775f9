import { RegistryError } from '../errors/registry-error.ts';

declare const digest: unique symbol;

/** `algorithm:encoded` (image-spec descriptor.md, "Digests"), of an algorithm that is verified here. */
export type Digest = string & { readonly [digest]: true };

/** Digest algorithms of the specification that are computed and verified here; others are refused, never trusted unverified. */
export type DigestAlgorithm = 'sha256' | 'sha512';

const encodedLengths: Readonly<Record<DigestAlgorithm, number>> = { sha256: 64, sha512: 128 };
const grammar = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/;

/**
 * Reads a digest.
 * @throws RegistryError `digest-invalid`, `digest-unsupported`
 */
export function parseDigest(text: string): Digest {
  if (!grammar.test(text)) {
    throw new RegistryError(
      'digest-invalid',
      `Cannot read ${JSON.stringify(text.slice(0, 160))} as a digest: wanted "algorithm:encoded", such as "sha256:" and 64 hex digits`,
    );
  }
  const [algorithm = '', encoded = ''] = text.split(':');
  if (!isDigestAlgorithm(algorithm)) {
    throw new RegistryError(
      'digest-unsupported',
      `Cannot verify digest "${text.slice(0, 160)}": its algorithm is "${algorithm}", known are sha256 and sha512`,
    );
  }
  if (encoded.length !== encodedLengths[algorithm] || !/^[a-f0-9]+$/.test(encoded)) {
    throw new RegistryError(
      'digest-invalid',
      `Cannot read "${text.slice(0, 160)}" as a digest: wanted ${encodedLengths[algorithm]} lower-case hex digits after "${algorithm}:", found ${encoded.length} characters`,
    );
  }
  return text as Digest;
}

/** Whether a text is a digest of a known algorithm. */
export function isDigest(text: string): text is Digest {
  const colon = text.indexOf(':');
  const algorithm = text.slice(0, colon);
  return isDigestAlgorithm(algorithm) && text.length - colon - 1 === encodedLengths[algorithm] && /^[a-f0-9]+$/.test(text.slice(colon + 1));
}

/** The part before the colon. */
export function digestAlgorithm(value: Digest): DigestAlgorithm {
  return value.startsWith('sha512:') ? 'sha512' : 'sha256';
}

/** The part after the colon: lower-case hex. */
export function digestEncoded(value: Digest): string {
  return value.slice(value.indexOf(':') + 1);
}

function isDigestAlgorithm(text: string): text is DigestAlgorithm {
  return Object.hasOwn(encodedLengths, text);
}
