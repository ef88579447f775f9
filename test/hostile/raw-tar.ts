/** One entry of a tar, as it is to be written, right or wrong. */
export interface RawEntry {
  readonly name: string;
  readonly body?: Uint8Array | string | undefined;
  /** Type flag; a file's if left out. */
  readonly type?: string | undefined;
  readonly linkName?: string | undefined;
  /** The bytes of the field of the size; the size of the body in octal if left out. */
  readonly size?: Uint8Array | string | undefined;
  /** Added to the checksum. */
  readonly checksumError?: number | undefined;
}

const block = 512;

/** A tar of any entries; it asks no questions. */
export function packRawTar(entries: readonly RawEntry[]): Uint8Array {
  return Buffer.concat([...entries.flatMap(packEntry), Buffer.alloc(2 * block)]);
}

/** A record of a PAX header, with its length as it should be or as given. */
export function paxRecord(key: string, value: string, length?: string): string {
  const rest = ` ${key}=${value}\n`;
  let own = rest.length + 1;
  while (own !== rest.length + String(own).length) own = rest.length + String(own).length;
  return `${length ?? own}${rest}`;
}

function packEntry({ name, body = '', type = '0', linkName = '', size, checksumError = 0 }: RawEntry): Buffer[] {
  const bytes = Buffer.from(body);
  const header = Buffer.alloc(block);
  header.write(name.slice(0, 100), 0, 'latin1');
  header.write('0000644\0', 100);
  Buffer.from(size ?? `${bytes.length.toString(8).padStart(11, '0')}\0`).copy(header, 124, 0, 12);
  header.write(type, 156);
  header.write(linkName, 157, 100, 'latin1');
  header.write('ustar\u000000', 257);
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, checksumError);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return [header, bytes, Buffer.alloc((block - (bytes.length % block)) % block)];
}
