import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Take } from './image-ways.ts';
import { Refusal } from './refusal.ts';

/** What a client that only copies does with an image: copies it whole into a new folder, whose every byte is then looked at. */
export function takeByCopy(home: string, copy: (reference: string, folder: string) => Promise<unknown>): Take {
  return async (reference, { digests }) => {
    const folder = join(home, randomUUID());
    await copy(reference, folder);
    await checkContent(folder, digests);
  };
}

/** Looks for every manifest, config and layer by hashing all that lies in a folder, in whatever form. Throws a `Refusal` that names what is missing. */
export async function checkContent(folder: string, digests: readonly string[]): Promise<void> {
  const found = new Set<string>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = await readFile(join(entry.parentPath, entry.name));
    found.add(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
  }
  const missing = digests.filter((digest) => !found.has(digest));
  if (missing.length > 0) throw new Refusal(`it says that all is well, but ${missing.join(', ')} is missing in what it wrote`);
}
