/**
 * Bundles the command line that the package brings, after `tsc` has built the library: `node tools/bundle-program.ts [FOLDER]`.
 * [11](../docs/decisions/0011-start.md) says why, and what lies in which file.
 */
import { rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ModuleInfo, type Plugin, rolldown } from 'rolldown';
import { takeBuiltins } from './take-builtins.ts';
import { formatThirdPartyNotices } from './third-party-notices.ts';

const project = fileURLToPath(new URL('..', import.meta.url));
/** Loaded at Node's own start, or soon after by every command. Any other builtin costs milliseconds. */
const cheapBuiltins: ReadonlySet<string> = new Set(
  ['events', 'fs', 'fs/promises', 'os', 'path', 'process', 'url', 'util'].map((name) => `node:${name}`),
);

/** What else is bundled than the command line as it is. */
export interface BundleOptions {
  /** Programs by name; `main`, the command line, if left out. */
  readonly input?: Readonly<Record<string, string>> | undefined;
  /** Go before those that every bundle needs. */
  readonly plugins?: readonly Plugin[] | undefined;
}

/** Writes the bundle into a folder two below the one of `package.json`; what lies in it is replaced. */
export async function bundleProgram(folder: string, { input, plugins = [] }: BundleOptions = {}): Promise<void> {
  const modules = new Map<string, ModuleInfo>();
  await using bundle = await rolldown({
    input: input ?? { main: join(project, 'src/cli/main.node.ts') },
    platform: 'node',
    // The AWS SDK is large, and most users' credentials stand in the environment.
    external: [/^node:/, /^@aws-sdk\//],
    plugins: [...plugins, rememberModules(modules), { name: 'take-builtins', renderChunk: (code) => ({ code: takeBuiltins(code) }) }],
    treeshake: { moduleSideEffects: false },
    // Where one command loads at once what another loads later, it lies with what both load.
    checks: { ineffectiveDynamicImport: false },
    preserveEntrySignatures: 'allow-extension',
  });
  const isCheap = createCheapness(modules);
  await rm(folder, { recursive: true, force: true });
  const { output } = await bundle.write({
    dir: folder,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    // Readable, and so are stack traces: parsing what stands between the code costs nothing that could be measured.
    minify: false,
    comments: { legal: true, annotation: true, jsdoc: false },
    codeSplitting: {
      groups: [
        { name: 'main', tags: ['$initial'], priority: 2 },
        { name: 'shared', test: isCheap, minShareCount: 2 },
      ],
    },
  });
  const files = output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
  await writeFile(join(folder, 'THIRD-PARTY-NOTICES.txt'), await formatThirdPartyNotices(files));
}

/** Whether a module may be loaded where it is not needed: with all that it imports it brings no costly builtin, and not everybody wanted it later. */
function createCheapness(modules: ReadonlyMap<string, ModuleInfo>): (id: string) => boolean {
  const known = new Map<string, boolean>([...cheapBuiltins].map((id) => [id, true]));
  const isCheap = (id: string): boolean => {
    const module = modules.get(id);
    const cheap = known.get(id) ?? (module !== undefined && module.importers.length > 0 && module.importedIds.every(isCheap));
    known.set(id, cheap);
    return cheap;
  };
  return isCheap;
}

function rememberModules(modules: Map<string, ModuleInfo>): Plugin {
  return {
    name: 'remember-modules',
    buildEnd() {
      for (const id of this.getModuleIds()) {
        const module = this.getModuleInfo(id);
        if (module && !id.startsWith('node:')) modules.set(id, module);
      }
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundleProgram(resolve(process.argv[2] ?? join(project, 'dist/program')));
