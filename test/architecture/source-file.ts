import { readFileSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';

/** What the architecture is checked on: a file's imports and literals, with the line of each. */
export interface SourceFile {
  /** Below `src/`, with `/`. */
  readonly path: string;
  readonly imports: readonly {
    readonly specifier: string;
    readonly line: number;
    readonly typeOnly: boolean;
    readonly names: readonly string[];
  }[];
  /** String and template literals outside imports; a template's pieces one by one. */
  readonly texts: readonly { readonly value: string; readonly line: number }[];
  /** Numbers that a member called `status` or `statusCode` is compared with. */
  readonly comparedStatuses: readonly { readonly value: number; readonly line: number }[];
}

/** Reads every source below a folder; tests, which may import what they like, are left out. */
export function readSources(root: string): SourceFile[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => parseSource(relative(root, file).split(sep).join('/'), readFileSync(file, 'utf8')));
}

/** Parses one source; a file that does not parse is an error, not an empty file. */
export function parseSource(path: string, text: string): SourceFile {
  const parsed = parseSync(path, text, { sourceType: 'module' });
  if (parsed.errors.length > 0) throw new Error(`${path}: ${parsed.errors[0]?.message ?? 'does not parse'}`);
  const lineAt = (offset: number): number => text.slice(0, offset).split('\n').length;
  const imports: SourceFile['imports'][number][] = [];
  const texts: SourceFile['texts'][number][] = [];
  const comparedStatuses: SourceFile['comparedStatuses'][number][] = [];
  const importRanges: (readonly [number, number])[] = [];
  const addImport = (
    node: { readonly start: number; readonly end: number },
    specifier: string,
    typeOnly: boolean,
    names: readonly string[],
  ): void => {
    importRanges.push([node.start, node.end]);
    imports.push({ specifier, line: lineAt(node.start), typeOnly, names });
  };
  const addText = (start: number, value: string): void => {
    if (!importRanges.some(([from, to]) => start >= from && start < to)) texts.push({ value, line: lineAt(start) });
  };
  new Visitor({
    ImportDeclaration: (node) => {
      const names = node.specifiers.map((specifier) =>
        specifier.type === 'ImportSpecifier' && specifier.imported.type === 'Identifier' ? specifier.imported.name : '*',
      );
      const typeOnly =
        node.importKind === 'type' ||
        (node.specifiers.length > 0 &&
          node.specifiers.every((specifier) => specifier.type === 'ImportSpecifier' && specifier.importKind === 'type'));
      addImport(node, node.source.value, typeOnly, names);
    },
    ExportNamedDeclaration: (node) => {
      if (node.source) addImport(node, node.source.value, node.exportKind === 'type', []);
    },
    ExportAllDeclaration: (node) => addImport(node, node.source.value, node.exportKind === 'type', ['*']),
    ImportExpression: (node) => {
      if (node.source.type === 'Literal' && typeof node.source.value === 'string') addImport(node, node.source.value, false, ['*']);
    },
    Literal: (node) => {
      if (typeof node.value === 'string') addText(node.start, node.value);
    },
    TemplateElement: (node) => addText(node.start, node.value.cooked ?? ''),
    BinaryExpression: (node) => {
      const sides = [node.left, node.right];
      const named = sides.some(
        (side) => side.type === 'MemberExpression' && side.property.type === 'Identifier' && /^status(Code)?$/.test(side.property.name),
      );
      for (const side of sides) {
        if (named && side.type === 'Literal' && typeof side.value === 'number')
          comparedStatuses.push({ value: side.value, line: lineAt(side.start) });
      }
    },
  }).visit(parsed.program);
  return { path, imports, texts, comparedStatuses };
}
