import { describe, expect, it } from 'vitest';
import { readPages, parseTextPage } from './pages.ts';

const first = new URL('https://registry.test/v2/_catalog?n=2');

describe('a list in pages', () => {
  it('is read to its last page', async () => {
    const pages = new Map([
      [first.href, { items: [1, 2], next: new URL('https://registry.test/2') }],
      ['https://registry.test/2', { items: [3], next: undefined }],
    ]);
    expect(await Array.fromAsync(readPages(first, async (page) => pages.get(page.href)!))).toEqual([1, 2, 3]);
  });

  it('ends where pages lead in a circle', async () => {
    const circle = readPages(first, async () => ({ items: [], next: first }));
    await expect(Array.fromAsync(circle)).rejects.toMatchObject({ code: 'registry-invalid' });
  });

  it('ends where there is more than anyone keeps', async () => {
    const items = Array<number>(100_000).fill(1);
    let count = 0;
    const long = readPages(first, async () => ({ items, next: new URL(`https://registry.test/${(count += 1)}`) }));
    const read = async (): Promise<void> => {
      for await (const _ of long);
    };
    await expect(read()).rejects.toMatchObject({ code: 'registry-invalid' });
    expect(count).toBe(11);
  });

  it('ends where pages never do', async () => {
    let count = 0;
    const endless = readPages(first, async () => ({ items: [], next: new URL(`https://registry.test/${(count += 1)}`) }));
    await expect(Array.fromAsync(endless)).rejects.toMatchObject({ code: 'registry-invalid' });
  });
});

describe('a page of texts', () => {
  const parse = (text: string, link?: string): unknown => parseTextPage(new TextEncoder().encode(text), 'tags', 'the tags', link, first);

  it('may leave its list out when there is nothing in it', () => {
    for (const text of ['{}', '{"tags":null}', '{"tags":[]}']) expect(parse(text)).toEqual({ items: [], next: undefined });
  });

  it('is refused when it is something else', () => {
    for (const text of ['', 'null', '{"tags":"a"}', '{"tags":[1]}', '{"tags":["a\\u001b[2J"]}', `{"tags":["${'a'.repeat(256)}"]}`])
      expect(() => parse(text)).toThrow(/Cannot list the tags/);
  });

  it('leads to no other origin', () => {
    expect(() => parse('{}', '<https://evil.test/>; rel="next"')).toThrow(/another origin/);
  });
});
