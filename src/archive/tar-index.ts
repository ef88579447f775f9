import { RegistryError, throwIfAborted } from '../errors/registry-error.ts';
import { type ByteSource, sliceSource } from '../streams/byte-source.ts';
import { readAll } from '../streams/read-all.ts';
import { normalizeEntryName, resolveLinkName } from './entry-name.ts';
import { decodeTarHeader, parsePaxRecords, tarBlockBytes, type TarHeader, tarPaddingBytes } from './tar-header.ts';

/** The files of a tar, each to be opened by name, at once and side by side, without unpacking. */
export interface TarIndex {
  /** Names of files and links to files, in the archive's order. */
  readonly names: readonly string[];
  /**
   * The bytes of a file; links are followed.
   * @returns undefined where there is no such file
   * @throws RegistryError `archive-invalid` for links in a circle or out of the archive
   */
  find(name: string): ByteSource | undefined;
}

/** Archives of images have some hundred entries; beyond this they are no such thing. */
const maxEntries = 200_000;
/** Long names are some kilobytes. */
const maxExtraHeaderBytes = 1024 * 1024;
/** As Linux follows symbolic links. */
const maxLinks = 40;

type Entry = { readonly kind: 'file'; readonly start: number; readonly size: number } | { readonly kind: 'link'; readonly target: string };

/**
 * Reads the headers of an uncompressed tar, passing over the bodies: what it costs grows with the number of entries, not with their size. Of two entries with one
 * name the later counts, as when unpacking. The end need not be marked: a tar that was cut between two entries looks whole, and lacks files.
 * @param source seekable, or reading it once for each entry would cost as much as it says
 * @throws RegistryError `archive-invalid` (no tar, names that leave it), `archive-truncated`
 */
export async function indexTar(source: ByteSource, signal?: AbortSignal): Promise<TarIndex> {
  const entries = new Map<string, Entry>();
  for await (const { name, entry } of readEntries(source, signal)) {
    entries.delete(name);
    if (entry !== undefined) entries.set(name, entry);
    if (entries.size > maxEntries)
      throw new RegistryError('archive-invalid', `Cannot read the archive: it has more than ${maxEntries} entries`);
  }
  const find = (name: string): ByteSource | undefined => {
    const file = followLinks(entries, name);
    return file && sliceSource(source, file.start, file.start + file.size);
  };
  return { names: [...entries.keys()], find };
}

function followLinks(entries: ReadonlyMap<string, Entry>, name: string): Extract<Entry, { kind: 'file' }> | undefined {
  let entry = entries.get(name);
  for (let links = 0; entry?.kind === 'link'; links += 1) {
    if (links === maxLinks)
      throw new RegistryError('archive-invalid', `Cannot read the archive: its link ${JSON.stringify(name)} leads in a circle`);
    entry = entries.get(entry.target);
  }
  return entry;
}

/** Entries as they come, with their long names; `entry` is undefined for folders and what else holds no bytes. */
async function* readEntries(source: ByteSource, signal?: AbortSignal): AsyncGenerator<{ name: string; entry: Entry | undefined }> {
  let pax: ReadonlyMap<string, string> = new Map();
  let gnu: { name?: string; link?: string } = {};
  for (let offset = 0; offset < source.size;) {
    throwIfAborted(signal);
    const header = decodeTarHeader(await readRange(source, offset, tarBlockBytes, signal));
    if (header === undefined) return;
    const start = offset + tarBlockBytes;
    const size = isExtra(header) ? header.size : sizeOf(header, pax);
    if (start + size > source.size) throw truncated(`"${header.name.slice(0, 200)}" has ${source.size - start} of ${size} bytes`);
    offset = start + size + tarPaddingBytes(size);
    if (isExtra(header)) {
      const extra = await readExtra(source, start, header, signal);
      if (header.kind === 'pax') pax = parsePaxRecords(extra);
      if (header.kind === 'gnu-name') gnu = { ...gnu, name: textOf(extra) };
      if (header.kind === 'gnu-link') gnu = { ...gnu, link: textOf(extra) };
      continue;
    }
    const name = normalizeEntryName(pax.get('path') ?? gnu.name ?? header.name);
    yield { name, entry: entryOf(header, name, pax.get('linkpath') ?? gnu.link ?? header.linkName, start, size) };
    pax = new Map();
    gnu = {};
  }
}

function entryOf(header: TarHeader, name: string, linkName: string, start: number, size: number): Entry | undefined {
  if (header.kind === 'file') return { kind: 'file', start, size };
  if (header.kind === 'symlink') return { kind: 'link', target: resolveLinkName(name, linkName) };
  return header.kind === 'hardlink' ? { kind: 'link', target: normalizeEntryName(linkName) } : undefined;
}

/** The size of an entry's body: a pax header's, where there is one. */
function sizeOf(header: TarHeader, pax: ReadonlyMap<string, string>): number {
  for (const key of pax.keys()) {
    if (key.startsWith('GNU.sparse.'))
      throw new RegistryError('archive-invalid', 'Cannot read a tar with sparse files', { hint: 'Pack it without --sparse.' });
  }
  const text = pax.get('size');
  if (text === undefined || header.kind !== 'file') return header.size;
  const size = /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(size)) throw new RegistryError('archive-invalid', 'Cannot read a pax header: its size is malformed');
  return size;
}

/** Whether a header's body says something of the next entry, or of all. */
function isExtra(header: TarHeader): boolean {
  return header.kind === 'pax' || header.kind === 'pax-global' || header.kind === 'gnu-name' || header.kind === 'gnu-link';
}

async function readExtra(source: ByteSource, start: number, { size }: TarHeader, signal?: AbortSignal): Promise<Uint8Array> {
  if (size > maxExtraHeaderBytes) {
    throw new RegistryError('archive-invalid', `Cannot read a tar header of ${size} bytes: at most ${maxExtraHeaderBytes} are allowed`);
  }
  return readRange(source, start, size, signal);
}

async function readRange(source: ByteSource, start: number, length: number, signal?: AbortSignal): Promise<Uint8Array> {
  if (start + length > source.size) throw truncated(`a header at byte ${start} is cut short`);
  return readAll(source.open({ start, end: start + length, signal }), length, 'a tar header');
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replace(/\0.*$/s, '');
}

function truncated(found: string): RegistryError {
  return new RegistryError('archive-truncated', `Cannot read the archive: it ends too early: ${found}`, {
    hint: 'Copy or download it again.',
  });
}
