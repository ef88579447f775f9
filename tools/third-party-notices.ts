import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What is said of a package whose code is in the bundle. */
interface Notice {
  readonly title: string;
  readonly licence: string;
}

const introduction = 'The program holds code of these packages, under their licences.';
const packageFolder = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/;

/**
 * The notices that must go with a bundle of these files.
 * @throws Error where a package has no licence text: what may not be given on is not bundled
 */
export async function formatThirdPartyNotices(files: readonly string[]): Promise<string> {
  const folders = new Set(files.flatMap((file) => packageFolder.exec(file)?.[0] ?? []));
  const notices = await Promise.all([...folders].map(readNotice));
  // One version may lie in several folders.
  const sections = new Set(notices.map(({ title, licence }) => `${title}\n\n${licence}`));
  return `${[introduction, ...[...sections].toSorted()].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

async function readNotice(folder: string): Promise<Notice> {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Record<string, string>;
  const file = (await readdir(folder)).find((entry) => /^(?:licen[cs]e|copying)(?:[.-].*)?$/i.test(entry));
  if (file === undefined) throw new Error(`Cannot bundle "${name}": there is no licence in "${folder}"`);
  return { title: `${name} ${version} (${license})`, licence: (await readFile(join(folder, file), 'utf8')).trim() };
}
