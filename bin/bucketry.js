#!/usr/bin/env node
// Plain JavaScript that old versions of Node can parse: it checks the version before anything else is imported.
var leastMajor = 24;

if (Number(process.versions.node.split('.')[0]) < leastMajor) {
  console.error('error: bucketry needs Node ' + leastMajor + ' or newer; this is ' + process.version);
  process.exitCode = 1;
} else {
  // In the repository the sources run as they are; the published package has only what was built of them.
  import('node:fs')
    .then(function (fs) {
      var source = new URL('../src/cli/main.node.ts', import.meta.url);
      return import(fs.existsSync(source) ? source.href : new URL('../dist/cli/main.node.js', import.meta.url).href);
    })
    .then(function (main) {
      return main.runProcess();
    })
    .catch(function (/** @type {unknown} */ error) {
      console.error(error);
      process.exitCode = 1;
    });
}
