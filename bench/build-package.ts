import { copyFile, cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lastLines, runCommand } from '../test/peers/run-command.ts';

const project = fileURLToPath(new URL('..', import.meta.url));
const folder = join(project, '.cache', 'bench', 'package');

/**
 * Builds what users install, out of the way of everything that runs the sources.
 * @returns the path of its `bucketry`
 */
export async function buildPackage(signal?: AbortSignal): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const compiler = join(project, 'node_modules', '.bin', 'tsc');
  const built = await runCommand([compiler, '-p', join(project, 'tsconfig.build.json'), '--outDir', join(folder, 'dist')], { signal });
  if (built.code !== 0)
    console.error(`The sources do not type-check; what was built from them is measured:\n${lastLines(built.stdout, 5)}`);
  await cp(join(project, 'bin'), join(folder, 'bin'), { recursive: true });
  await copyFile(join(project, 'package.json'), join(folder, 'package.json'));
  return join(folder, 'bin', 'bucketry.js');
}
