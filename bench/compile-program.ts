import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lastLines, runCommand } from '../test/peers/run-command.ts';

const cacheFolder = fileURLToPath(new URL('../.cache/bench', import.meta.url));

/**
 * Compiles one C file with gcc, with the files of its folder that it includes, unless that was done before with the very same text, into `.cache/bench`.
 * @returns the program's path
 */
export async function compileProgram(source: URL, signal?: AbortSignal): Promise<string> {
  const text = await readFile(source, 'utf8');
  const own = [...text.matchAll(/^#include "(.+)"$/gm)].map(([, name = '']) => readFile(new URL(name, source), 'utf8'));
  const version = createHash('sha256')
    .update([text, ...(await Promise.all(own))].join(''))
    .digest('hex')
    .slice(0, 12);
  const program = join(cacheFolder, `${basename(source.pathname, '.c')}-${version}`);
  if (existsSync(program)) return program;
  await mkdir(cacheFolder, { recursive: true });
  const unfinished = `${program}.${process.pid}`;
  const command = ['gcc', '-O2', '-std=gnu11', '-Wall', '-Wextra', '-Werror', '-pthread', '-o', unfinished, fileURLToPath(source)] as const;
  const { code, stderr } = await runCommand(command, { signal });
  if (code !== 0) throw new Error(`Cannot compile "${source.pathname}": ${lastLines(stderr)}`);
  await rename(unfinished, program);
  return program;
}
