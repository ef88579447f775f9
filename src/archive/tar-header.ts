import { RegistryError } from '../errors/registry-error.ts';

/** Tar counts in blocks of this many bytes (POSIX pax, "ustar Interchange Format"). */
export const tarBlockBytes = 512;

/** What an entry of a tar is. `other`: devices, pipes and what else no image layout holds. */
type TarEntryKind = 'file' | 'folder' | 'symlink' | 'hardlink' | 'other';

/** One header as a block spells it: an entry's, or one that says more of the next (`pax`, `gnu-name`, `gnu-link`). */
export interface TarHeader {
  readonly kind: TarEntryKind | 'pax' | 'pax-global' | 'gnu-name' | 'gnu-link';
  readonly name: string;
  readonly linkName: string;
  /** Bytes that follow the header, before the padding. */
  readonly size: number;
}

/** Where in the block each member stands: offset and length. */
const fields = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  linkName: [157, 100],
  magic: [257, 8],
  prefix: [345, 155],
} as const satisfies Record<string, readonly [offset: number, length: number]>;

const kinds: ReadonlyMap<string, TarHeader['kind']> = new Map([
  ['\0', 'file'],
  ['0', 'file'],
  ['7', 'file'],
  ['1', 'hardlink'],
  ['2', 'symlink'],
  ['5', 'folder'],
  ['x', 'pax'],
  ['g', 'pax-global'],
  ['L', 'gnu-name'],
  ['K', 'gnu-link'],
]);

/** Links, devices, folders and pipes: whatever size some tars write for them, nothing follows. */
const bodilessTypes: ReadonlySet<string> = new Set(['1', '2', '3', '4', '5', '6']);

/** A file to be written into a tar: all else of its header is fixed, so that equal files make equal tars. */
export interface TarFileHeader {
  readonly name: string;
  readonly size: number;
  /** Mode 0755; 0644 if left out. */
  readonly isExecutable?: boolean | undefined;
}

/** The bytes from an entry's end to the next block. */
export function tarPaddingBytes(size: number): number {
  return (tarBlockBytes - (size % tarBlockBytes)) % tarBlockBytes;
}

/**
 * Reads a header block.
 * @returns undefined for a block of zeros: the end of the archive
 * @throws RegistryError `archive-invalid`
 */
export function decodeTarHeader(block: Uint8Array): TarHeader | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  const sum = readNumber(block, fields.checksum);
  if (sum !== checksum(block)) throw new RegistryError('archive-invalid', 'Cannot read a tar header: its checksum does not match');
  const type = readText(block, fields.type);
  if (type === 'S')
    throw new RegistryError('archive-invalid', 'Cannot read a tar with sparse files', { hint: 'Pack it without --sparse.' });
  const name = readText(block, fields.name);
  // Only POSIX tars have a prefix; GNU's keep times at its place.
  const prefix = isPosix(block) ? readText(block, fields.prefix) : '';
  const kind = kinds.get(type === '' ? '\0' : type) ?? 'other';
  return {
    // Before POSIX, a folder was a file whose name ends in a slash.
    kind: kind === 'file' && name.endsWith('/') ? 'folder' : kind,
    name: prefix === '' ? name : `${prefix}/${name}`,
    linkName: readText(block, fields.linkName),
    size: bodilessTypes.has(type) ? 0 : readNumber(block, fields.size),
  };
}

/**
 * The header of a regular file, as one block, or as three and more where the name or the size needs a pax header. Owner 0, mode 0644 or 0755, the time 1970.
 */
export function encodeTarHeader({ name, size, isExecutable = false }: TarFileHeader): Uint8Array {
  const records: [string, string][] = [];
  if (encoder.encode(name).byteLength > fields.name[1]) records.push(['path', name]);
  if (size >= 8 ** 11) records.push(['size', String(size)]);
  const own = encodeBlock(name, records.some(([key]) => key === 'size') ? 0 : size, '0', isExecutable);
  if (records.length === 0) return own;
  const pax = encoder.encode(records.map(([key, value]) => formatPaxRecord(key, value)).join(''));
  const whole = new Uint8Array(tarBlockBytes + pax.byteLength + tarPaddingBytes(pax.byteLength) + tarBlockBytes);
  whole.set(encodeBlock('pax', pax.byteLength, 'x'), 0);
  whole.set(pax, tarBlockBytes);
  whole.set(own, whole.byteLength - tarBlockBytes);
  return whole;
}

/**
 * Reads the records of a pax header: `LENGTH KEY=VALUE\n`, the length counting itself.
 * @throws RegistryError `archive-invalid`
 */
export function parsePaxRecords(bytes: Uint8Array): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  for (let start = 0; start < bytes.byteLength;) {
    const space = bytes.indexOf(0x20, start);
    const length = space < 0 ? Number.NaN : Number(decodeText(bytes.subarray(start, space)));
    const record = decodeText(bytes.subarray(space + 1, start + length - 1));
    const equals = record.indexOf('=');
    if (
      !Number.isSafeInteger(length) ||
      length < 5 ||
      start + length > bytes.byteLength ||
      bytes[start + length - 1] !== 0x0a ||
      equals < 1
    ) {
      throw new RegistryError('archive-invalid', `Cannot read a pax header: its record at byte ${start} is malformed`);
    }
    records.set(record.slice(0, equals), record.slice(equals + 1));
    start += length;
  }
  return records;
}

const encoder = new TextEncoder();

function encodeBlock(name: string, size: number, type: string, isExecutable = false): Uint8Array {
  const block = new Uint8Array(tarBlockBytes);
  const write = ([offset, length]: readonly [number, number], text: string): void =>
    block.set(encoder.encode(text).subarray(0, length), offset);
  write(fields.name, name);
  write(fields.mode, isExecutable ? '0000755\0' : '0000644\0');
  write(fields.uid, '0000000\0');
  write(fields.gid, '0000000\0');
  write(fields.size, size.toString(8).padStart(11, '0'));
  write(fields.mtime, '00000000000');
  write(fields.type, type);
  write(fields.magic, 'ustar\x0000');
  write(fields.checksum, `${checksum(block).toString(8).padStart(6, '0')}\0 `);
  return block;
}

/** `LENGTH KEY=VALUE\n`, where the length counts its own digits. */
function formatPaxRecord(key: string, value: string): string {
  const rest = encoder.encode(` ${key}=${value}\n`).byteLength;
  let length = rest + 1;
  while (length !== rest + String(length).length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

/** The sum of all bytes, those of the checksum itself taken as spaces. */
function checksum(block: Uint8Array): number {
  const [offset, length] = fields.checksum;
  return block.reduce((sum, byte, index) => sum + (index >= offset && index < offset + length ? 0x20 : byte), 0);
}

/** Whether the block is POSIX's `ustar\0`, not GNU's `ustar `. */
function isPosix(block: Uint8Array): boolean {
  return decodeText(block.subarray(257, 263)) === 'ustar\0';
}

/** Text up to the first NUL. */
function readText(block: Uint8Array, [offset, length]: readonly [number, number]): string {
  const field = block.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return decodeText(end < 0 ? field : field.subarray(0, end));
}

function decodeText(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

/** Octal digits, or GNU's base 256 for what they cannot hold (first bit set). */
function readNumber(block: Uint8Array, [offset, length]: readonly [number, number]): number {
  const field = block.subarray(offset, offset + length);
  const first = field[0] ?? 0;
  const value =
    first === 0x80 ? field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0) : parseOctal(readText(block, [offset, length]).trim());
  if (!Number.isSafeInteger(value)) throw new RegistryError('archive-invalid', 'Cannot read a tar header: a number in it is malformed');
  return value;
}

function parseOctal(text: string): number {
  if (text === '') return 0;
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
}
