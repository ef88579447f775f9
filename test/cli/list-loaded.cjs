// Loaded before a program (`node --require`): at its end it writes what was loaded, files and Node's own modules, into the file that LIST_LOADED names.
const { writeFileSync } = require('node:fs');
const { registerHooks } = require('node:module');

const before = new Set(process.moduleLoadList);
const files = [];
registerHooks({
  load(url, context, load) {
    if (url.startsWith('file:')) files.push(url);
    return load(url, context);
  },
});
process.on('exit', () => {
  const builtins = process.moduleLoadList.filter((name) => !before.has(name) && name.startsWith('NativeModule '));
  writeFileSync(process.env.LIST_LOADED, JSON.stringify({ files, builtins: builtins.map((name) => name.slice('NativeModule '.length)) }));
});
