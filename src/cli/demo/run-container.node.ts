import { execFile } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** A container client of this machine that can pull and run. */
export interface ContainerClient {
  readonly name: 'podman' | 'docker';
  /** The line that pulls `reference` so, in the storage of whoever types it. */
  formatPull(reference: string): string;
  /** Pulls `reference` from a registry without TLS and runs it. Rejects when this machine cannot. @returns what the program printed */
  pullAndRun(reference: string, signal: AbortSignal): Promise<string>;
}

/** Ways to run that some machine needs: as it comes; with limits that a container within a container may set; with runc, where crun refuses mixed control groups. */
const podmanWays: readonly { readonly globals: readonly string[]; readonly flags: readonly string[] }[] = [
  { globals: [], flags: [] },
  { globals: ['--runtime=runc'], flags: ['--ulimit=nofile=1024:1024', '--ulimit=nproc=1024:1024'] },
];

/** Looks for a client that answers: podman first, since it needs no daemon and keeps its storage in `folder`, so that nothing is left of it. */
export async function findContainerClient(
  folder: string,
  wanted: ContainerClient['name'] | 'auto',
  signal: AbortSignal,
): Promise<ContainerClient | undefined> {
  if (wanted !== 'docker' && process.platform === 'linux' && (await answers('podman', ['--version'], signal))) return openPodman(folder);
  if (wanted !== 'podman' && (await answers('docker', ['info'], signal))) return docker;
  return undefined;
}

function openPodman(folder: string): ContainerClient {
  const storage = [
    `--root=${join(folder, 'storage')}`,
    `--runroot=${join(folder, 'run')}`,
    '--storage-driver=vfs',
    '--events-backend=none',
  ];
  return {
    name: 'podman',
    // It wants TLS of every host, unless it is told otherwise.
    formatPull: (reference) => `podman pull --tls-verify=false ${reference}`,
    pullAndRun: async (reference, signal) => {
      await runTool('podman', [...storage, 'pull', '--quiet', '--tls-verify=false', reference], signal);
      let failure: unknown;
      for (const { globals, flags } of podmanWays) {
        try {
          return await runTool('podman', [...storage, ...globals, 'run', '--rm', '--network=none', ...flags, reference], signal);
        } catch (error) {
          failure = error;
        }
      }
      throw failure;
    },
  };
}

const docker: ContainerClient = {
  name: 'docker',
  formatPull: (reference) => `docker pull ${reference}`,
  pullAndRun: async (reference, signal) => {
    await runTool('docker', ['pull', '--quiet', reference], signal);
    try {
      return await runTool('docker', ['run', '--rm', '--network=none', reference], signal);
    } finally {
      // The daemon's storage is the user's: leave it as it was, also when the demo is stopped.
      await execute('docker', ['image', 'rm', reference]).catch(() => undefined);
    }
  },
};

async function answers(tool: string, args: readonly string[], signal: AbortSignal): Promise<boolean> {
  return runTool(tool, args, signal, 5000).then(
    () => true,
    () => false,
  );
}

async function runTool(tool: string, args: readonly string[], signal: AbortSignal, timeoutMs = 60_000): Promise<string> {
  const { stdout } = await execute(tool, args, { signal, timeout: timeoutMs, encoding: 'utf8' });
  return stdout;
}
