import { copyFile, cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleProgram } from '../../tools/bundle-program.ts';
import { type CommandResult, runCommand } from '../peers/run-command.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));
const listLoaded = fileURLToPath(new URL('list-loaded.cjs', import.meta.url));

/** What a run loaded. */
export interface Loaded {
  /** The program's own files, from the folder of the package on. */
  readonly files: readonly string[];
  /** Node's own modules, those within it too, that it has not loaded before the program begins. */
  readonly builtins: readonly string[];
}

/** The program as the package brings it, in a folder where nothing else is. */
export interface BuiltProgram {
  run(words: readonly string[], environment?: Readonly<Record<string, string>>): Promise<CommandResult>;
  /** As `run`, and tells what was loaded for it. */
  runListed(words: readonly string[], environment?: Readonly<Record<string, string>>): Promise<CommandResult & { readonly loaded: Loaded }>;
}

/** Builds the program into a folder; its commands run in the same one, which is their home. */
export async function buildProgram(folder: string): Promise<BuiltProgram> {
  const root = join(folder, 'package');
  await mkdir(root);
  await bundleProgram(join(root, 'dist/program'));
  await cp(join(project, 'bin'), join(root, 'bin'), { recursive: true });
  await copyFile(join(project, 'package.json'), join(root, 'package.json'));
  const bucketry = join(root, 'bin/bucketry.js');
  const start = (options: readonly string[], words: readonly string[], environment: Readonly<Record<string, string>>) =>
    runCommand([process.execPath, ...options, bucketry, ...words], { cwd: folder, env: { HOME: folder, ...environment } });
  return {
    run: (words, environment = {}) => start([], words, environment),
    async runListed(words, environment = {}) {
      const list = join(folder, 'loaded.json');
      const result = await start(['--require', listLoaded], words, { ...environment, LIST_LOADED: list });
      const { files, builtins } = JSON.parse(await readFile(list, 'utf8')) as Loaded;
      const names = files.map((url) => fileURLToPath(url).slice(root.length + 1));
      return { ...result, loaded: { files: names, builtins } };
    },
  };
}
