import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandLine } from './namespace.ts';
import { findPeer, findProgram, peerFolder, peerStamp } from './peer-cache.ts';
import { PEERS } from './peers.ts';
import type { PeerName } from './peers.ts';
import { lastLines, runCommand } from './run-command.ts';
import type { CommandOptions } from './run-command.ts';
import { withServicesHeldBack } from './services-held-back.ts';

/** MinIO from an empty module cache takes minutes on two cores. */
const INSTALL_TIMEOUT_MS = 20 * 60_000;
const VERSION_TIMEOUT_MS = 10_000;

/** Where to install and with which environment; both this process's own by default. */
export interface InstallOptions {
  readonly cacheFolder?: string | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Installs one peer as its row says. Throws with the command and its last lines where that fails twice. */
export async function installPeer(name: PeerName, options: InstallOptions = {}): Promise<void> {
  const { install } = PEERS[name];
  const folder = peerFolder(name, options.cacheFolder);
  switch (install.by) {
    case 'go':
      await installInFolder(name, [goInstall(install.module)], options);
      break;
    case 'go-tool':
      await installInFolder(name, goTool(folder, install, PEERS[name].binary), options);
      break;
    case 'pip':
      await installInFolder(name, pipInstall(folder, install.requirement), options);
      break;
    case 'apt':
      await withServicesHeldBack(() => installPackages(install.packages, options));
  }
}

/** What an installed peer says its version is, else the pinned one, which the name of its folder vouches for. */
export async function askPeerVersion(name: PeerName, signal?: AbortSignal): Promise<string> {
  const path = findPeer(name);
  const { version, versionArgs } = PEERS[name];
  if (path === undefined || versionArgs === undefined) return version;
  const options = { timeoutMs: VERSION_TIMEOUT_MS, signal };
  const { stdout, stderr } = await runCommand([path, ...versionArgs], options);
  return /\d+\.\d+(?:\.\d+)?/.exec(stdout + stderr)?.[0] ?? version;
}

function goInstall(module: string): CommandLine {
  return ['go', 'install', '-p', '2', '-trimpath', '-ldflags', '-s -w', module];
}

/** Builds a program in a module that has no other purpose: there its own replacements do not count, and it builds without them. */
function goTool(
  folder: string,
  { program, version }: { readonly program: string; readonly version: string },
  binary: string,
): CommandLine[] {
  const go = ['go', '-C', folder] as const;
  return [
    [...go, 'mod', 'init', 'peer'],
    [...go, 'get', '-tool', `${program}@${version}`],
    [...go, 'build', '-p', '2', '-trimpath', '-ldflags', '-s -w', '-o', binary, program],
  ];
}

function pipInstall(folder: string, requirement: string): readonly CommandLine[] {
  return [
    ['python3', '-m', 'venv', folder],
    [join(folder, 'bin', 'pip'), 'install', '--quiet', requirement],
  ];
}

/** Runs the commands on an empty folder and stamps it last, so that an installation cut short is begun anew. */
async function installInFolder(name: PeerName, commands: readonly CommandLine[], options: InstallOptions): Promise<void> {
  const folder = peerFolder(name, options.cacheFolder);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const command of commands) {
    await runTwice(command, { CGO_ENABLED: '0', GOBIN: folder, GOFLAGS: '' }, options);
  }
  await writeFile(peerStamp(name, options.cacheFolder), `${PEERS[name].version}\n`);
}

async function installPackages(packages: readonly string[], options: InstallOptions): Promise<void> {
  const install = ['apt-get', 'install', '-y', '--no-install-recommends', ...packages] as const;
  if (process.getuid?.() !== 0 || findProgram('apt-get', options.env) === undefined) {
    throw new Error(`packages of the system are for root to install: ${install.join(' ')}`);
  }
  const variables = { DEBIAN_FRONTEND: 'noninteractive' };
  const { code } = await runCommand(install, commandOptions(variables, options));
  if (code === 0) return;
  // The lists of a fresh machine are empty, those of an old one name files that are gone.
  await runTwice(['apt-get', 'update'], variables, options);
  await runTwice(install, variables, options);
}

/** Once more after a failure: a download of many parts fails now and then. */
async function runTwice(command: CommandLine, variables: NodeJS.ProcessEnv, options: InstallOptions): Promise<void> {
  const [program] = command;
  if (!program.includes('/') && findProgram(program, options.env) === undefined) {
    throw new Error(`"${program}" is not on PATH, but needed for: ${command.join(' ')}`);
  }
  let result = await runCommand(command, commandOptions(variables, options));
  if (result.code !== 0) result = await runCommand(command, commandOptions(variables, options));
  if (result.code !== 0) {
    const said = lastLines(result.stderr || result.stdout);
    throw new Error(`"${command.join(' ')}" ended with code ${result.code}, twice:\n${said}`);
  }
}

function commandOptions(variables: NodeJS.ProcessEnv, options: InstallOptions): CommandOptions {
  return {
    env: { ...(options.env ?? process.env), ...variables },
    timeoutMs: INSTALL_TIMEOUT_MS,
    signal: options.signal,
  };
}
