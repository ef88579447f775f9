#!/usr/bin/env node
// Plain JavaScript that old versions of Node can parse: it checks the version before anything else is imported.
var leastMajor = 24;

if (Number(process.versions.node.split('.')[0]) < leastMajor) {
  console.error('error: bucketry needs Node ' + leastMajor + ' or newer; this is ' + process.version);
  process.exitCode = 1;
} else {
  // The published package holds dist/; in the repository the sources run as they are.
  import('node:fs')
    .then(function (fs) {
      var built = new URL('../dist/cli/main.node.js', import.meta.url);
      return import(fs.existsSync(built) ? built.href : new URL('../src/cli/main.node.ts', import.meta.url).href);
    })
    .then(function (main) {
      return main.runProcess();
    });
}
