import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { clientProfiles, type PullStep } from './client-profiles.ts';
import { findingTexts } from './finding-texts.ts';
import type { PullAsk } from './pull-content.ts';

const page = await readFile(new URL('../../docs/doctor.md', import.meta.url), 'utf8');

/** How the page spells a request. */
const words: Readonly<Record<PullAsk, string>> = {
  api: 'GET v2/',
  'tag-head': 'HEAD tag',
  tag: 'GET tag',
  root: 'GET index by digest',
  image: 'GET manifest by digest',
  config: 'GET config',
  layer: 'GET layer',
  referrers: 'GET referrers',
  'referrers-tag': 'GET referrers tag',
};

const formatStep = ({ ask, goesOnAfter, onlyAfter }: PullStep): string => {
  const statuses = goesOnAfter === 'any' ? ' (any)' : goesOnAfter.join() === '200' ? '' : ` (${goesOnAfter.join(', ')})`;
  return `${words[ask]}${statuses}${onlyAfter === undefined ? '' : `, after ${onlyAfter}`}`;
};

it.each(clientProfiles)('docs/doctor.md says of $title what the table says', ({ id, title, aliases, steps, basis }) => {
  const names = [id, ...aliases].map((name) => `\`${name}\``).join(', ');
  expect(page).toContain(`| ${title} | ${names} | ${steps.map(formatStep).join(' · ')} | ${basis} |`);
});

it.each(Object.entries(findingTexts))('docs/doctor.md lists %s', (id, { title }) => {
  expect(page).toContain(`| \`${id}\` | ${title} |`);
});
