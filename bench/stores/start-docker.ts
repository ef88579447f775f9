import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { removeControlGroup } from '../../test/peers/control-group.ts';
import { daemonArgs } from '../../test/peers/dockerd.ts';
import type { CommandLine } from '../../test/peers/namespace.ts';
import { startPeerServer } from '../../test/peers/peer-server.ts';
import { lastLines, runCommand } from '../../test/peers/run-command.ts';
import { loadedImage } from '../contestants/contestant.ts';
import { writeDockerArchive } from '../materials/docker-archive.ts';
import type { Material } from '../materials/material.ts';

/** A Docker daemon on the client's side. */
export interface BenchDocker {
  readonly socket: string;
  /** Of the process that everything of the daemon descends from. */
  readonly pid: number;
  close(): Promise<void>;
}

/** Keeps what the daemon leaves in folders of the system within its own namespaces, which it enters after those of the link: `ip netns exec` would hide the control groups. */
const enter = 'for folder in /run /var/lib; do mount -n -t tmpfs tmpfs "$folder"; done; exec "$@"';
const namespaces = ['unshare', '--mount', '--pid', '--fork', '--kill-child=KILL', '--mount-proc', '--', '/bin/sh', '-c', enter, 'enter'];
/** The link's own block of addresses; those of 127.0.0.0/8 need no word. */
const insecureRegistries = ['198.18.0.0/15'];
const readyTimeoutMs = 60_000;

/** Starts a daemon with its files below `TMPDIR`, and loads an image of one layer into it. `prefix` stands before its command, to run it on the client's side. */
export async function startLoadedDocker(
  prefix: readonly string[],
  image: Material,
  folder: string,
  signal: AbortSignal,
): Promise<BenchDocker> {
  const docker = await startDocker(prefix, signal);
  const archive = join(folder, 'loaded.tar');
  try {
    const layerFile = image.layerFiles[0];
    await writeDockerArchive(archive, { layerFile, diffId: await digestUnpacked(layerFile), repoTag: loadedImage }, signal);
    await docker.load(archive);
    return docker;
  } catch (error) {
    await docker.close();
    throw error;
  } finally {
    await rm(archive, { force: true });
  }
}

async function digestUnpacked(layerFile: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(layerFile), createGunzip(), hash);
  return `sha256:${hash.digest('hex')}`;
}

async function startDocker(
  prefix: readonly string[],
  signal: AbortSignal,
): Promise<BenchDocker & { load(archive: string): Promise<void> }> {
  let socket = '';
  const client = (...args: readonly string[]): CommandLine => ['docker', '--host', `unix://${socket}`, ...args];
  const server = await startPeerServer(
    'dockerd',
    async (program, home) => {
      socket = join(home.path, 'docker.sock');
      const config = join(home.path, 'daemon.json');
      await writeFile(config, JSON.stringify({ 'insecure-registries': insecureRegistries }));
      const [first = program, ...rest] = [...prefix, ...namespaces, program, ...daemonArgs(home.path, socket, config)];
      return {
        command: [first, ...rest],
        readyTimeoutMs,
        isReady: async (ready) => (await runCommand(client('version'), { env: home.env, signal: ready })).code === 0,
      };
    },
    signal,
  );
  return {
    socket,
    pid: server.pid,
    async load(archive) {
      const { code, stderr } = await runCommand(client('load', '--quiet', '--input', archive), { env: server.env, signal });
      if (code !== 0) throw new Error(`Cannot load an image into Docker: ${lastLines(stderr)}`);
    },
    async close() {
      await server.close();
      await removeControlGroup(server.home);
    },
  };
}
