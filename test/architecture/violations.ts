import { posix } from 'node:path';
import { bucketPorts, type FolderRule, folderRules, keyPieces, nodeFolders, registryUrlFolders, statusFolders } from './rules.ts';
import type { SourceFile } from './source-file.ts';

/** Everything that breaks the architecture, one line each: `file:line: what, and what is allowed`. */
export function findViolations(files: readonly SourceFile[]): string[] {
  return [
    ...files.flatMap((file) => [...folderViolations(file), ...nodeViolations(file), ...keyViolations(file), ...statusViolations(file)]),
    ...cycleViolations(files),
  ];
}

function folderOf(path: string): string {
  return path.split('/')[0] ?? '';
}

/** The path below `src/` that a relative import names; undefined for packages. */
function resolveImport(from: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? posix.normalize(posix.join(posix.dirname(from), specifier)) : undefined;
}

function* folderViolations(file: SourceFile): Iterable<string> {
  const folder = folderOf(file.path);
  const rule = folderRules[folder];
  if (!rule) {
    yield `${file.path}:1: folder "${folder}" is not in the table of who may import whom`;
    return;
  }
  for (const { specifier, line, names } of file.imports) {
    const complaint = specifier.startsWith('.')
      ? complainOfFolder(file.path, specifier, folder, rule)
      : complainOfPackage(specifier, folder, rule);
    if (complaint !== undefined) yield `${file.path}:${line}: ${complaint}`;
    if (names.includes('toObjectKey') && !['bucket', 'layout'].includes(folder))
      yield `${file.path}:${line}: brands an object key outside layout/ and bucket/`;
  }
}

function complainOfFolder(path: string, specifier: string, folder: string, rule: FolderRule): string | undefined {
  const target = resolveImport(path, specifier) ?? '';
  const targetFolder = folderOf(target);
  if (target.startsWith('../'))
    return nodeFolders.includes(folder) && target === '../package.json' ? undefined : `imports "${specifier}", outside src/`;
  if (targetFolder === folder || rule.folders === '*') return undefined;
  if (!rule.folders.includes(targetFolder))
    return `${folder}/ imports "${specifier}": it may import only ${rule.folders.join(', ') || 'nothing'}`;
  const isPort = bucketPorts.includes(target.slice('bucket/'.length));
  return targetFolder === 'bucket' && !isPort ? `${folder}/ imports "${specifier}": of bucket/ it may import only the ports` : undefined;
}

function complainOfPackage(specifier: string, folder: string, rule: FolderRule): string | undefined {
  if (specifier.startsWith('node:')) return undefined;
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  return rule.packages?.includes(name) ? undefined : `${folder}/ imports the package "${name}", which is not listed for it`;
}

function* nodeViolations(file: SourceFile): Iterable<string> {
  if (file.path.endsWith('.node.ts')) return;
  for (const { specifier, line, typeOnly } of file.imports) {
    if (specifier.startsWith('node:'))
      yield `${file.path}:${line}: a neutral file imports "${specifier}": name it *.node.ts, or do without`;
    const needsNode = specifier.endsWith('.node.ts') && !typeOnly && !nodeFolders.includes(folderOf(file.path));
    if (needsNode) yield `${file.path}:${line}: a neutral file imports "${specifier}", which needs Node`;
  }
}

function* keyViolations(file: SourceFile): Iterable<string> {
  if (registryUrlFolders.includes(folderOf(file.path))) return;
  for (const { value, line } of file.texts) {
    const isProse = value.includes(' ');
    if (!isProse && keyPieces.some((piece) => piece.test(value)))
      yield `${file.path}:${line}: builds a registry key (${JSON.stringify(value)}) outside layout/`;
  }
}

function* statusViolations(file: SourceFile): Iterable<string> {
  if (statusFolders.some((folder) => file.path.startsWith(`${folder}/`))) return;
  for (const { value, line } of file.comparedStatuses)
    yield `${file.path}:${line}: compares an HTTP status (${value}) outside ${statusFolders.join(', ')}`;
}

/** Cycles among files, by depth-first search; types count too, since a cycle of types is one idea in two files. */
function cycleViolations(files: readonly SourceFile[]): string[] {
  const graph = new Map(
    files.map((file) => [file.path, file.imports.flatMap(({ specifier }) => resolveImport(file.path, specifier) ?? [])]),
  );
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) found.push(`${path}:1: import cycle ${[...trail.slice(start), path].join(' → ')}`);
    if (start >= 0 || done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return found;
}
