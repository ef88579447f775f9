#!/usr/bin/env node
// Plain JavaScript that old versions of Node can parse: it checks the version before anything else is loaded.
var leastMajor = 24;

if (Number(process.versions.node.split('.')[0]) < leastMajor) {
  console.error('error: bucketry needs Node ' + leastMajor + ' or newer; this is ' + process.version);
  process.exitCode = 1;
} else {
  import(findMain())
    .then(function (main) {
      return main.runProcess();
    })
    .catch(function (/** @type {unknown} */ error) {
      console.error(error);
      process.exitCode = 1;
    });
}

/** In the repository the sources run as they are; the published package has only what was bundled of them. */
function findMain() {
  // Builtins are not imported here: an import runs all getters of a module, and `fs` has some that load streams and watchers.
  var fs = process.getBuiltinModule('node:fs');
  var source = new URL('../src/cli/main.node.ts', import.meta.url);
  if (fs.existsSync(source)) return source.href;
  keepCompiled(fs);
  return new URL('../dist/program/main.js', import.meta.url).href;
}

/**
 * Lets Node keep what it compiled for the next run, in the user's folder of caches (XDG Base Directory Specification). Only where nobody else can write: what lies there is
 * run as it is. Node's own NODE_DISABLE_COMPILE_CACHE=1 prevents it.
 */
function keepCompiled(/** @type {typeof import('node:fs')} */ fs) {
  if (process.env.NODE_DISABLE_COMPILE_CACHE) return;
  var path = process.getBuiltinModule('node:path');
  var home = process.getBuiltinModule('node:os').homedir();
  var given = process.env.XDG_CACHE_HOME || '';
  var isGiven = path.isAbsolute(given);
  var caches = isGiven ? given : path.join(home, '.cache');
  var folder = path.join(caches, 'bucketry');
  // From the outermost one on: who may write one of them can put another in place of those within.
  if (!isOnlyOwn(fs, isGiven ? given : home)) return;
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch {
    return;
  }
  if (isOnlyOwn(fs, caches) && isOnlyOwn(fs, folder)) process.getBuiltinModule('node:module').enableCompileCache(folder);
}

function isOnlyOwn(/** @type {typeof import('node:fs')} */ fs, /** @type {string} */ folder) {
  if (!process.getuid) return true;
  try {
    var stats = fs.statSync(folder);
    return stats.uid === process.getuid() && (stats.mode & 0o022) === 0;
  } catch {
    return false;
  }
}
