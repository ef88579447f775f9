import { newCollector } from './collector.ts';
import { newPusher } from './pusher.ts';
import { newReader } from './reader.ts';
import { newWorld, type Setting, type System } from './system.ts';
import { newUntagger } from './untagger.ts';
import { items } from './world.ts';

const nobody: Omit<System, 'world'> = { collectors: [newCollector], pushers: [], untaggers: [], readers: [], crashes: 0, ages: 0 };
const tagged: Setting = { there: items, tags: { a: 'index', b: '' } };

/** Who meets whom over what. In all of them anyone may be interrupted between any two requests. */
export const scenarios: Readonly<Record<string, System>> = {
  'a push into an empty repository, slow and crashing': {
    ...nobody,
    world: newWorld({ there: [] }),
    pushers: [newPusher('index', 'a')],
    crashes: 1,
    ages: 2,
  },
  'a push of what lies about as garbage': {
    ...nobody,
    world: newWorld({ there: items }),
    pushers: [newPusher('index', 'a')],
    crashes: 2,
    ages: 2,
  },
  'a push of what is tagged, while the tag is deleted': {
    ...nobody,
    world: newWorld(tagged),
    pushers: [newPusher('index', 'a')],
    untaggers: [newUntagger('a')],
    crashes: 1,
    ages: 1,
  },
  'a tag that is copied, while the first is deleted': {
    ...nobody,
    world: newWorld(tagged),
    pushers: [newPusher('index', 'b', 'a')],
    untaggers: [newUntagger('a')],
    crashes: 1,
    ages: 1,
  },
  'a push that moves a tag, and a pull': {
    ...nobody,
    world: newWorld(tagged),
    pushers: [newPusher('other', 'a')],
    readers: [newReader('a')],
    crashes: 1,
    ages: 1,
  },
  'a tag that is deleted, and a pull': {
    ...nobody,
    world: newWorld(tagged),
    untaggers: [newUntagger('a')],
    readers: [newReader('a')],
    ages: 2,
  },
  'two pushes of different images that share a layer': {
    ...nobody,
    world: newWorld({ there: ['image', 'layer'] }),
    pushers: [newPusher('image', 'a'), newPusher('other', 'b')],
    crashes: 1,
  },
  'two pushes of one image under two tags': {
    ...nobody,
    world: newWorld({ there: ['image', 'layer'] }),
    pushers: [newPusher('image', 'a'), newPusher('index', 'b')],
    crashes: 1,
  },
  'a push that crashes, and the same push again': {
    ...nobody,
    world: newWorld({ there: ['other', 'layer'] }),
    pushers: [newPusher('other', 'a'), newPusher('other', 'a')],
    crashes: 1,
  },
  'a push that crashes, and the same push again, of what a referrer names already': {
    ...nobody,
    world: newWorld({ there: ['layer'], published: ['other'] }),
    pushers: [newPusher('other', 'a'), newPusher('other', 'a')],
    crashes: 1,
  },
  'two pushes to one tag, an old image under it': {
    ...nobody,
    world: newWorld(tagged),
    pushers: [newPusher('other', 'a'), newPusher('index', 'a')],
    crashes: 1,
  },
  'two pushes to one tag, and a pull of what the first makes of it': {
    ...nobody,
    world: newWorld({ there: ['index', 'image', 'layer'], tags: { a: 'index', b: '' } }),
    pushers: [newPusher('other', 'a'), newPusher('image', 'a')],
    readers: [newReader('a')],
  },
  'two collectors and a push': {
    ...nobody,
    world: newWorld({ there: ['other', 'layer'] }),
    collectors: [newCollector, newCollector],
    pushers: [newPusher('other', 'a')],
    crashes: 1,
    ages: 1,
  },
};
