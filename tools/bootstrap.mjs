#!/usr/bin/env node
// Runs one of the project's tasks on any machine with Node 20 and npm: node tools/bootstrap.mjs TASK [ARGUMENT…]
//
// What package-lock.json asks for is installed first, where it is not there yet; that brings the Node of development,
// which then comes first on the task's PATH.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What each task runs, before the arguments given to it. */
const TASKS = {
  test: ['vitest', 'run'],
  demo: ['node', 'bin/bucketry.js', 'demo'],
  bench: ['node', 'bench/main.ts'],
  check: ['node', 'tools/check.ts'],
  peers: ['node', 'test/peers/install.ts'],
};

const OLDEST_NODE_MAJOR = 24;
const projectFolder = fileURLToPath(new URL('..', import.meta.url));
const lockFile = join(projectFolder, 'package-lock.json');
/** npm writes it at the end of an installation: its time is the installation's. */
const installedFile = join(projectFolder, 'node_modules', '.package-lock.json');
/** npm on Windows is a script, which only a shell runs. */
const shell = process.platform === 'win32';

function isInstalled() {
  return existsSync(installedFile) && statSync(installedFile).mtimeMs >= statSync(lockFile).mtimeMs;
}

function installPackages() {
  console.error('Installing the development tools (npm ci)');
  const flags = ['--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status, error } = spawnSync('npm', ['ci', ...flags], {
    cwd: projectFolder,
    shell,
    // What a command prints is its own: npm's words go to standard error.
    stdio: ['ignore', 2, 2],
  });
  if (error !== undefined) fail(`Cannot run npm: ${error.message}`);
  if (status !== 0) fail(`Cannot install the development tools: npm ci ended with code ${status}`);
}

/** This process's environment with the installed commands, the new Node among them, first on PATH. */
function developmentEnvironment() {
  const variable = Object.keys(process.env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  const folders = [join(projectFolder, 'node_modules', '.bin'), process.env[variable] ?? ''];
  return { ...process.env, [variable]: folders.join(delimiter) };
}

function checkNode(env) {
  const { stdout } = spawnSync('node', ['--version'], { env, shell, encoding: 'utf8' });
  const version = (stdout ?? '').trim();
  if (Number.parseInt(version.slice(1), 10) >= OLDEST_NODE_MAJOR) return;
  fail(
    `Cannot find Node ${OLDEST_NODE_MAJOR} or newer: "node" is ${version || 'missing'}, and npm has ` +
      `none for ${process.platform} ${process.arch}; put a newer one on PATH`,
  );
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

const [task = '', ...args] = process.argv.slice(2);
if (!Object.hasOwn(TASKS, task)) {
  fail(`Usage: node tools/bootstrap.mjs ${Object.keys(TASKS).join('|')} [ARGUMENT…]`);
}
if (!isInstalled()) installPackages();
const env = developmentEnvironment();
checkNode(env);
// Ctrl-C reaches the task by itself; this process waits for what it makes of it.
process.on('SIGINT', () => {});
const [command, ...taskArgs] = TASKS[task];
const options = { cwd: projectFolder, env, shell, stdio: 'inherit' };
const { status, signal, error } = spawnSync(command, [...taskArgs, ...args], options);
if (error !== undefined) fail(`Cannot run ${command}: ${error.message}`);
process.exitCode = status ?? 128 + constants.signals[signal];
