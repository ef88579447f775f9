import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PEERS } from './peers.ts';
import type { PeerName } from './peers.ts';

const PROJECT_FOLDER = fileURLToPath(new URL('../..', import.meta.url));

/** Written last, so that a folder whose installation was cut short does not count as installed. */
const STAMP = '.installed';

/** Where Debian keeps daemons; not on the PATH of everyone but root. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** The one folder that go and pip peers are installed into: `BUCKETRY_PEERS`, else `.cache/peers` in the project. */
export function peerCacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return env['BUCKETRY_PEERS'] || join(PROJECT_FOLDER, '.cache', 'peers');
}

/** A peer's own folder in the cache. The version is in its name: a new pin is never mistaken for the old build. */
export function peerFolder(name: PeerName, cacheFolder: string = peerCacheFolder()): string {
  return join(cacheFolder, `${name}-${PEERS[name].version}`);
}

/** The file whose presence says that the peer's folder is complete. */
export function peerStamp(name: PeerName, cacheFolder?: string): string {
  return join(peerFolder(name, cacheFolder), STAMP);
}

/** The path of the peer's executable, or `undefined` where it is not installed. */
export function findPeer(name: PeerName, cacheFolder?: string): string | undefined {
  const { binary, install } = PEERS[name];
  if (install.by === 'apt') return findProgram(binary);
  const path = join(peerFolder(name, cacheFolder), binary);
  return existsSync(peerStamp(name, cacheFolder)) && isExecutable(path) ? path : undefined;
}

/** The path of an installed peer. Throws, with the command that installs it, where it is missing. */
export function peerPath(name: PeerName): string {
  const path = findPeer(name);
  if (path === undefined) throw new Error(`Cannot start ${name}: ${explainMissing([name])}`);
  return path;
}

/** Why something cannot be done without these peers, and what installs them. */
export function explainMissing(names: readonly PeerName[]): string {
  const list = names.join(' ');
  return `needs ${names.join(', ')}, not installed here (npm run peers -- ${list})`;
}

/** The path of a program on PATH or in the folders for daemons, or `undefined`. */
export function findProgram(binary: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...folders, ...SYSTEM_FOLDERS].map((folder) => join(folder, binary)).find((path) => isExecutable(path));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
