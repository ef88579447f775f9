import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { S3Error } from './errors.ts';

export type ChecksumAlgorithm = 'CRC32' | 'CRC32C' | 'CRC64NVME' | 'SHA1' | 'SHA256';

export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64, and for a composite checksum `-N` after it. */
  readonly value: string;
  readonly type: 'FULL_OBJECT' | 'COMPOSITE';
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** One step of a reflected CRC per bit, for each of the 256 bytes. */
const CRC32C_TABLE: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

function digestCrc32c(bytes: Uint8Array): Buffer {
  let value = 0xffffffff;
  for (const byte of bytes) value = (value >>> 8) ^ (CRC32C_TABLE[(value ^ byte) & 0xff] ?? 0);
  return uint32(~value);
}

/** CRC-64/NVME in halves of 32 bits, since BigInt would take seconds for a part. */
const [CRC64_HIGH, CRC64_LOW] = ((): [Uint32Array, Uint32Array] => {
  const [highs, lows] = [new Uint32Array(256), new Uint32Array(256)];
  for (let byte = 0; byte < 256; byte++) {
    let value = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ 0x9a6c9329ac4bc9b5n : value >> 1n;
    highs[byte] = Number(value >> 32n);
    lows[byte] = Number(value & 0xffffffffn);
  }
  return [highs, lows];
})();

function digestCrc64(bytes: Uint8Array): Buffer {
  let [high, low] = [0xffffffff, 0xffffffff];
  for (const byte of bytes) {
    const index = (low ^ byte) & 0xff;
    low = ((low >>> 8) | (high << 24)) ^ (CRC64_LOW[index] ?? 0);
    high = (high >>> 8) ^ (CRC64_HIGH[index] ?? 0);
  }
  return Buffer.concat([uint32(~high), uint32(~low)]);
}

const DIGESTS: Readonly<Record<ChecksumAlgorithm, (bytes: Uint8Array) => Buffer>> = {
  CRC32: (bytes) => uint32(crc32(bytes)),
  CRC32C: digestCrc32c,
  CRC64NVME: digestCrc64,
  SHA1: (bytes) => createHash('sha1').update(bytes).digest(),
  SHA256: (bytes) => createHash('sha256').update(bytes).digest(),
};
const ALGORITHMS = Object.keys(DIGESTS) as ChecksumAlgorithm[];

type Headers = Readonly<Record<string, string>>;

/** `x-amz-checksum-sha256` and its like. */
export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`;
}

/** `ChecksumSHA256` and its like, as XML documents have it. */
export function checksumElement(algorithm: ChecksumAlgorithm): string {
  return `Checksum${algorithm}`;
}

export function parseChecksumAlgorithm(text: string): ChecksumAlgorithm {
  const found = ALGORITHMS.find((algorithm) => algorithm === text.toUpperCase());
  if (!found) throw new S3Error('InvalidRequest', `Checksum algorithm "${text}" is not known`);
  return found;
}

/** The checksum of bytes as a whole. */
export function computeChecksum(algorithm: ChecksumAlgorithm, bytes: Uint8Array): Checksum {
  return { algorithm, value: DIGESTS[algorithm](bytes).toString('base64'), type: 'FULL_OBJECT' };
}

/** The checksum of the parts' checksums, as S3 gives it to an upload that is not of type FULL_OBJECT. */
export function combineChecksums(algorithm: ChecksumAlgorithm, values: readonly string[]): Checksum {
  const all = Buffer.concat(values.map((value) => Buffer.from(value, 'base64')));
  const { value } = computeChecksum(algorithm, all);
  return { algorithm, value: `${value}-${values.length}`, type: 'COMPOSITE' };
}

/** The one `x-amz-checksum-*` header of a request, unchecked. */
export function findChecksum(headers: Headers): Checksum | undefined {
  const given = ALGORITHMS.filter((algorithm) => headers[checksumHeader(algorithm)] !== undefined);
  const [algorithm] = given;
  if (given.length > 1) throw new S3Error('InvalidRequest', 'Expecting a single x-amz-checksum- header.');
  if (!algorithm) return undefined;
  return { algorithm, value: headers[checksumHeader(algorithm)] ?? '', type: 'FULL_OBJECT' };
}

/** The body's checksum where the request names one; `BadDigest` where it is another. */
export function verifyChecksum(headers: Headers, body: Uint8Array): Checksum | undefined {
  const given = findChecksum(headers);
  if (!given) return undefined;
  const found = computeChecksum(given.algorithm, body);
  if (Buffer.from(given.value, 'base64').toString('base64') !== given.value || given.value.length !== found.value.length) {
    throw new S3Error('InvalidRequest', `Value for ${checksumHeader(given.algorithm)} header is invalid.`);
  }
  if (given.value !== found.value) {
    throw new S3Error('BadDigest', `The ${given.algorithm} you specified did not match the calculated checksum.`);
  }
  return found;
}

/** Content-MD5: `InvalidDigest` where it is no MD5, `BadDigest` where it is another body's. */
export function verifyContentMd5(headers: Headers, body: Uint8Array): void {
  const given = headers['content-md5'];
  if (given === undefined) return;
  const decoded = Buffer.from(given, 'base64');
  if (decoded.length !== 16 || decoded.toString('base64') !== given) throw new S3Error('InvalidDigest');
  const found = createHash('md5').update(body).digest('base64');
  if (found !== given) {
    throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.', {
      elements: { ExpectedDigest: given, CalculatedDigest: found },
    });
  }
}

/** What an answer says of a stored checksum. */
export function formatChecksumHeaders(checksum: Checksum | undefined): Record<string, string> {
  if (!checksum) return {};
  return { [checksumHeader(checksum.algorithm)]: checksum.value, 'x-amz-checksum-type': checksum.type };
}
