import { mkdir, readdir, readFile, realpath, rm, stat, writeFile, lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { BucketError } from '../../errors/bucket-error.ts';
import { bucketMissing, hasErrno, unless } from './directory-error.node.ts';
import { createDirectoryPaths, type DirectoryPaths } from './directory-paths.node.ts';
import { type Durability, readText, writeText } from './durable-file.node.ts';
import { internalFolder, type Spelling } from './spell-key.ts';

/** How a root is opened. */
export interface RootOptions {
  readonly location: string;
  /** Makes the root, and the folders above it, where it is missing. */
  readonly create: boolean;
  /** For a root that is new; found out by trying, if left out. */
  readonly spelling: Spelling | undefined;
  readonly durability: Durability;
}

/** The version of the tree below the root that this program writes. */
const formatVersion = 1;

/** Errors of a root that can be read and not written. */
const readOnlyErrnos = ['EROFS', 'EACCES', 'EPERM'] as const;

/**
 * Finds or makes a root with our own folder in it. A root that cannot be written is opened to be read.
 * @throws BucketError `bucket-missing`, `access-denied`, `response-invalid` (a tree of a newer version)
 */
export async function openRoot(root: string, options: RootOptions): Promise<DirectoryPaths> {
  const { location, create, durability } = options;
  if (create) await mkdir(root, { recursive: true });
  const real = await unless(realpath(root), 'ENOENT', 'ENOTDIR');
  if (real === undefined || !(await stat(real)).isDirectory()) throw bucketMissing(location);
  const internal = join(real, internalFolder);
  await refuseLink(internal, location);
  const known = await readSpelling(join(internal, 'format.json'), location);
  if (known) return createDirectoryPaths(real, known);
  try {
    await mkdir(internal, { recursive: true });
    const paths = createDirectoryPaths(real, options.spelling ?? (await detectSpelling(internal)));
    await makeFolders(paths);
    await writeText(paths.format, JSON.stringify({ version: formatVersion, spelling: paths.spelling }), durability);
    return paths;
  } catch (error) {
    if (!create && hasErrno(error, ...readOnlyErrnos)) return createDirectoryPaths(real, options.spelling ?? 'plain');
    throw error;
  }
}

async function refuseLink(internal: string, location: string): Promise<void> {
  const stats = await unless(lstat(internal), 'ENOENT');
  if (stats && !stats.isDirectory()) {
    throw new BucketError(
      'access-denied',
      `Cannot use the bucket "${location}": "${internalFolder}" in it is no folder, wanted a folder and no link`,
    );
  }
}

async function readSpelling(format: string, location: string): Promise<Spelling | undefined> {
  const text = await readText(format);
  if (text === undefined) return undefined;
  const { version, spelling } = parseFormat(text);
  if (version !== formatVersion || (spelling !== 'plain' && spelling !== 'portable')) {
    throw new BucketError(
      'response-invalid',
      `Cannot read the directory bucket "${location}": found version ${JSON.stringify(version)} with the spelling ${JSON.stringify(spelling)}, wanted version ${formatVersion}`,
      { hint: 'A newer bucketry made it; use that one.' },
    );
  }
  return spelling;
}

function parseFormat(text: string): { readonly version?: unknown; readonly spelling?: unknown } {
  try {
    return JSON.parse(text) as { readonly version?: unknown; readonly spelling?: unknown };
  } catch {
    return {};
  }
}

async function makeFolders(paths: DirectoryPaths): Promise<void> {
  const { headersFolder, pendingFolder, elsewhereFolder, typesFolder, locksFolder, temporaryFolder, uploadsFolder, completingFolder } =
    paths;
  const folders = [
    headersFolder,
    pendingFolder,
    elsewhereFolder,
    typesFolder,
    locksFolder,
    temporaryFolder,
    uploadsFolder,
    completingFolder,
  ];
  for (const folder of folders) await mkdir(folder, { recursive: true });
}

/** Whether a file system keeps names as they are: tries whether a file is also found under a name in other case, or composed otherwise. */
async function detectSpelling(folder: string): Promise<Spelling> {
  if (process.platform === 'win32') return 'portable';
  const probe = join(folder, 'Probe-\u00e9');
  await writeFile(probe, '');
  try {
    const [name] = (await readdir(folder)).filter((each) => each.startsWith('Probe-'));
    const others = ['probe-\u00e9', 'Probe-e\u0301'].map((other) => unless(readFile(join(folder, other)), 'ENOENT'));
    const found = await Promise.all(others);
    return name === 'Probe-\u00e9' && found.every((other) => other === undefined) ? 'plain' : 'portable';
  } finally {
    await rm(probe, { force: true });
  }
}
