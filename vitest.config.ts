import { fileURLToPath } from 'node:url';
import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { ClosingReporter } from './tools/closing-reporter.ts';

/** Tests that start real servers and clients, some of which want a core of their own for a while. */
const PEER_TESTS = [
  'test/peers/**/*.test.ts',
  'test/interop/**/*.test.ts',
  'test/conformance/**/*.test.ts',
  '{src,test,tools,bench}/**/*.peer.test.ts',
];

const NEVER = ['**/node_modules/**', '**/fixtures/**'];

const config: ViteUserConfig = defineConfig({
  test: {
    pool: 'forks',
    reporters: ['default', new ClosingReporter(fileURLToPath(new URL('.cache/test-report.json', import.meta.url)))],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{src,test,tools,bench}/**/*.test.ts'],
          exclude: [...NEVER, ...PEER_TESTS],
          maxWorkers: 2,
          testTimeout: 30_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'peers',
          include: PEER_TESTS,
          exclude: NEVER,
          // One file at a time, after the unit tests.
          maxWorkers: 1,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});

export default config;
