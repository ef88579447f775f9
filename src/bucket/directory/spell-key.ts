import { digestHex } from '../../streams/hasher.ts';
import type { ObjectKey } from '../object-key.ts';

/**
 * How keys become paths, fixed when a directory bucket is made:
 * - `plain`: as they are; for file systems that keep every byte of a name (Linux).
 * - `portable`: with `%XX` for every byte that some file system cannot hold or folds: capitals, all beyond ASCII, `:`, a dot or a space at the end, device names.
 */
export type Spelling = 'plain' | 'portable';

/** The folder of a directory bucket that holds all that is no object's bytes. */
export const internalFolder = '.directory-bucket';

/** The longest name between two slashes, in bytes: what Linux, macOS and Windows take. */
const maxNameBytes = 255;
/** The longest path below the root, in bytes; leaves room for the root in a `PATH_MAX` of 4,096. */
const maxPathBytes = 3072;

const encoder = new TextEncoder();

/** The path of a key below the root, with `/`; undefined where no path can be this key: it ends in `/`, has a name too long, or lies in our own folder. */
export function spellKey(key: ObjectKey, spelling: Spelling): string | undefined {
  if (key.endsWith('/')) return undefined;
  const names = key.split('/').map((segment) => (spelling === 'plain' ? segment : spellPortably(segment)));
  const path = names.join('/');
  if (names[0] === internalFolder || encoder.encode(path).byteLength > maxPathBytes) return undefined;
  return names.every((name) => encoder.encode(name).byteLength <= maxNameBytes) ? path : undefined;
}

/** The key segment that a file's or folder's name stands for; undefined where the name is none that `spellKey` gives (a stranger's file). */
export function readSpelledName(name: string, spelling: Spelling): string | undefined {
  if (spelling === 'plain') return name;
  const bytes: number[] = [];
  for (const [piece] of name.matchAll(/%[0-9A-F]{2}|[^]/gu)) {
    if (piece.startsWith('%')) bytes.push(Number.parseInt(piece.slice(1), 16));
    else bytes.push(...encoder.encode(piece));
  }
  const segment = new TextDecoder().decode(Uint8Array.from(bytes));
  return spellPortably(segment) === name ? segment : undefined;
}

/** A name of fixed length for a key, that every file system can hold. */
export function digestKey(key: ObjectKey): string {
  return digestHex('sha256', encoder.encode(key));
}

/** The same below one of 256 folders, so that no folder grows without bound. */
export function spreadKey(key: ObjectKey): string {
  const digest = digestKey(key);
  return `${digest.slice(0, 2)}/${digest}`;
}

function spellPortably(segment: string): string {
  const escaped = escapeAll(segment, /[^a-z0-9!#$&'()+,\-.;=@[\]^_`{}~ ]/gu);
  const ended = escaped.replace(/[. ]$/, (last) => escapeAll(last, /[^]/u));
  return ended.replace(/^(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/, (device) => escapeAll(device.slice(0, 1), /[^]/u) + device.slice(1));
}

function escapeAll(text: string, what: RegExp): string {
  return text.replace(what, (character) =>
    [...encoder.encode(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}
