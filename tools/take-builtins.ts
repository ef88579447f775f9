import { parseSync, type StaticImport, type StaticImportEntry } from 'oxc-parser';

/**
 * Lets a bundled file take Node's own modules by `process.getBuiltinModule` instead of importing them. An import makes every export of the module a binding, and so runs
 * every getter that was to load something later: `import 'node:http'` loads fetch, WebSocket and HTTP/2, 47 ms of CPU that no command needs.
 */
export function takeBuiltins(code: string): string {
  let taken = code;
  // The last one first: what stands before it stays where it was found.
  for (const statement of parseSync('program.js', code).module.staticImports.toReversed()) {
    if (!statement.moduleRequest.value.startsWith('node:')) continue;
    taken = `${taken.slice(0, statement.start)}${formatTaking(statement)}${taken.slice(statement.end)}`;
  }
  return taken;
}

function formatTaking({ moduleRequest, entries }: StaticImport): string {
  // By its global, since a file may well name something else `process`.
  const module = `globalThis.process.getBuiltinModule(${JSON.stringify(moduleRequest.value)})`;
  if (entries.length === 0) return `${module};`;
  const members = entries.filter(isOfMember).map(({ importName, localName }) => `${importName.name}: ${localName.value}`);
  const wholes = entries.filter((entry) => !isOfMember(entry)).map(({ localName }) => localName.value);
  const names = members.length === 0 ? wholes : [...wholes, `{ ${members.join(', ')} }`];
  return `const ${names.map((name) => `${name} = ${module}`).join(', ')};`;
}

/** All others are of the module as a whole: what a builtin exports by default is itself, and a namespace has the same members. */
function isOfMember({ importName }: StaticImportEntry): boolean {
  return importName.name !== null && importName.name !== 'default';
}
