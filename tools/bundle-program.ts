/**
 * Bundles the command line that the package brings, after `tsc` has built the library: `node tools/bundle-program.ts [FOLDER]`.
 * [11](../docs/decisions/0011-start.md) says why, and what lies in which file.
 */
import { globSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type InputOptions, type OutputOptions, type Plugin, rolldown } from 'rolldown';
import { takeBuiltins } from './take-builtins.ts';
import { formatThirdPartyNotices } from './third-party-notices.ts';

const project = fileURLToPath(new URL('..', import.meta.url));
const main = join(project, 'src/cli/main.node.ts');
/** Node's own modules that are loaded at its start, or soon after by every command. Any other costs milliseconds. */
const cheapBuiltins: readonly string[] = ['events', 'fs', 'fs/promises', 'os', 'path', 'process', 'url', 'util'];
const isCostlyBuiltin = (id: string): boolean => id.startsWith('node:') && !cheapBuiltins.includes(id.slice('node:'.length));

/** What else is bundled than the command line as it is. */
export interface BundleOptions {
  /** Programs by name; `main`, the command line, if left out. */
  readonly input?: Readonly<Record<string, string>> | undefined;
  /** Go before those that every bundle needs. */
  readonly plugins?: readonly Plugin[] | undefined;
}

/** Writes the bundle into a folder two below the one of `package.json`; what lies in it is replaced. */
export async function bundleProgram(folder: string, { input = { main }, plugins = [] }: BundleOptions = {}): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  const costly = new Set<string>();
  const groups = [
    // With all that it imports
    { name: 'main', test: (id: string) => id === main, priority: 2 },
    { name: 'shared', test: (id: string) => !costly.has(id), minShareCount: 2 },
  ];
  const files = await write(folder, { input, plugins: [...plugins, findCostly(costly)] }, { groups });
  for (const worker of globSync('src/**/*-worker.node.ts', { cwd: project })) {
    // A thread begins with a file of its own, beside the one that starts it, and shares nothing: it would load far more than it needs.
    const one = { [basename(worker, '.ts')]: join(project, worker) };
    files.push(...(await write(folder, { input: one, plugins }, false)));
  }
  await writeFile(join(folder, 'THIRD-PARTY-NOTICES.txt'), await formatThirdPartyNotices(files));
}

/** Writes one bundle. @returns the files that went into it */
async function write(
  folder: string,
  { input, plugins }: { readonly input: Readonly<Record<string, string>>; readonly plugins: readonly Plugin[] },
  codeSplitting: NonNullable<OutputOptions['codeSplitting']>,
): Promise<string[]> {
  const options: InputOptions = {
    input,
    plugins: [...plugins, { name: 'take-builtins', renderChunk: (code) => ({ code: takeBuiltins(code) }) }],
    platform: 'node',
    // The AWS SDK is large, and most users' credentials stand in the environment.
    external: [/^node:/, /^@aws-sdk\//],
    treeshake: { moduleSideEffects: false },
    preserveEntrySignatures: 'allow-extension',
    // Where one command loads at once what another loads later, it lies with what both load.
    checks: { ineffectiveDynamicImport: false },
  };
  await using bundle = await rolldown(options);
  const { output } = await bundle.write({
    dir: folder,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    // Readable, and so are stack traces.
    minify: false,
    comments: { legal: true, annotation: true, jsdoc: false },
    codeSplitting,
  });
  return output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
}

/** Finds modules that must not be loaded where they are not needed: those that bring a costly builtin, by themselves or by what they import, and those that everybody wants later. */
function findCostly(costly: Set<string>): Plugin {
  return {
    name: 'find-costly',
    buildEnd() {
      const add = (id: string): void => {
        if (costly.has(id)) return;
        costly.add(id);
        for (const importer of this.getModuleInfo(id)?.importers ?? []) add(importer);
      };
      for (const id of this.getModuleIds()) {
        const { importers = [], importedIds = [] } = this.getModuleInfo(id) ?? {};
        if (importers.length === 0 || importedIds.some((imported) => isCostlyBuiltin(imported))) add(id);
      }
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundleProgram(resolve(process.argv[2] ?? join(project, 'dist/program')));
