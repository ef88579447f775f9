import type { Command } from './command.ts';

/** A command before its module is loaded: enough for the list of commands. Each loads only its own code, which is what keeps the start short. */
export interface CommandEntry {
  /** What it does, in less than a line. */
  readonly summary: string;
  load(): Promise<Command>;
}

/** All commands, in the order of help. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  demo: {
    summary: 'see an image pulled straight from a bucket, in a few seconds',
    load: async () => (await import('./commands/demo.node.ts')).demo,
  },
  push: { summary: 'copy an image into a bucket', load: async () => (await import('./commands/push.ts')).push },
  pull: { summary: 'copy an image out of a bucket', load: async () => (await import('./commands/pull.ts')).pull },
  mirror: {
    summary: 'keep repositories in step with those of registries',
    load: async () => (await import('./commands/mirror.node.ts')).mirror,
  },
  ls: { summary: 'list the repositories of a bucket', load: async () => (await import('./commands/ls.ts')).ls },
  tags: { summary: 'list the tags of a repository', load: async () => (await import('./commands/tags.ts')).tags },
  inspect: {
    summary: 'show what an image consists of',
    load: async () => (await import('./commands/inspect.ts')).inspect,
  },
  tag: { summary: 'give an image another tag', load: async () => (await import('./commands/tag.ts')).tag },
  rm: { summary: 'remove a tag or a manifest', load: async () => (await import('./commands/rm.ts')).rm },
  init: { summary: 'make a bucket ready to hold images', load: async () => (await import('./commands/init.ts')).init },
  doctor: {
    summary: 'say which clients can pull from a bucket or a host, and what to do where they cannot',
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
  login: { summary: 'log in to a registry', load: async () => (await import('./commands/login.ts')).login },
  logout: { summary: 'forget the login at a registry', load: async () => (await import('./commands/logout.ts')).logout },
  serve: {
    summary: 'serve a bucket over HTTP',
    load: async () => (await import('./commands/serve.node.ts')).serve,
  },
  bench: {
    summary: 'measure pushes to a registry and to a bucket side by side',
    load: async () => (await import('./commands/bench.node.ts')).bench,
  },
};
