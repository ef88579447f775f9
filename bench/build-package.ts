import { copyFile, cp, mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'rolldown';
import { reapOnDeath } from '../test/peers/reap-on-death.ts';
import { bundleProgram } from '../tools/bundle-program.ts';
import type { BundleOptions } from '../tools/bundle-program.ts';

const project = fileURLToPath(new URL('..', import.meta.url));
const builds = join(project, '.cache', 'bench');

/** What each other build takes a file of `variants/` for: one of our modules, below `src/`. */
const variants = {
  /** Each part is sent once. */
  'without-resending': 'parallel/late-parts.ts',
  /** Nothing is told to tracing channels, and nobody looks whether anyone listens. */
  'without-trace': 'streams/trace.ts',
} as const;

/** A build that differs from what users install. */
export type Variant = keyof typeof variants;

/** What was built. */
export interface Package {
  /** The path of the `bucketry` that users install. */
  readonly bucketry: string;
  /** The path of the program that sends one blob with the engine alone. */
  readonly sendBlob: string;
  readonly variants: Readonly<Record<Variant, string>>;
}

/** Where a bench that was started by another finds what that one built: all scenarios measure the same. */
export const packageVariable = 'BUCKETRY_BENCH_PACKAGE';

let built: Promise<Package> | undefined;

/** Builds what users install, out of the way of everything that runs the sources and of other benches, and its variants; once in a process, and gone with it. */
export function buildPackage(): Promise<Package> {
  const found = process.env[packageVariable];
  return (built ??= found === undefined ? build() : Promise.resolve(JSON.parse(found) as Package));
}

async function build(): Promise<Package> {
  await mkdir(builds, { recursive: true });
  const folder = await mkdtemp(join(builds, 'build-'));
  reapOnDeath('remove-folder', folder);
  const engine = join(folder, 'engine');
  await bundleProgram(engine, { input: { 'send-blob': fileURLToPath(new URL('engine/send-blob.ts', import.meta.url)) } });
  return {
    bucketry: await buildProgram(join(folder, 'package')),
    sendBlob: join(engine, 'send-blob.js'),
    variants: {
      'without-resending': await buildVariant(folder, 'without-resending'),
      'without-trace': await buildVariant(folder, 'without-trace'),
    },
  };
}

/** @returns the path of its `bucketry` */
async function buildProgram(folder: string, options?: BundleOptions): Promise<string> {
  await bundleProgram(join(folder, 'dist', 'program'), options);
  await cp(join(project, 'bin'), join(folder, 'bin'), { recursive: true });
  await copyFile(join(project, 'package.json'), join(folder, 'package.json'));
  return join(folder, 'bin', 'bucketry.js');
}

function buildVariant(folder: string, variant: Variant): Promise<string> {
  const module = join(project, 'src', variants[variant]);
  const replacement = fileURLToPath(new URL(`variants/${variant}.ts`, import.meta.url));
  const replace: Plugin = {
    name: 'replace-module',
    async resolveId(source, importer) {
      // The variant itself finds the module as it is, and may keep parts of it.
      if (importer === undefined || importer === replacement) return undefined;
      const resolved = await this.resolve(source, importer, { skipSelf: true });
      return resolved?.id === module ? replacement : undefined;
    },
  };
  return buildProgram(join(folder, variant), { plugins: [replace] });
}
