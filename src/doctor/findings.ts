import { type FindingId, findingTexts } from './finding-texts.ts';

/** Something that was seen, before it is put into words. */
export interface Problem {
  readonly id: FindingId;
  /** The request, and what of its answer matters. */
  readonly seen: string;
}

/** What words are put together of. */
export interface FindingContext {
  /** `https://images.example.com`; undefined where none is known. */
  readonly origin?: URL | undefined;
  /** As a place, quoted for a shell: `s3://my-bucket`; undefined where only a URL was given. */
  readonly bucket?: string | undefined;
  /** Likewise, of which the tag is to be filled in: `s3://my-bucket/team/app:TAG`. */
  readonly image?: string | undefined;
}

/** Something that was found, in words. */
export interface Finding extends Problem {
  readonly title: string;
  /** A command or a setting that mends it. */
  readonly fix: string;
  /** Clients that cannot pull because of it, by their ids. */
  readonly fails: readonly string[];
}

/** Puts a problem into words. */
export function describeProblem({ id, seen }: Problem, fails: readonly string[], context: FindingContext): Finding {
  const { title, fix } = findingTexts[id];
  const { origin, bucket = 's3://BUCKET', image = 's3://BUCKET/NAME:TAG' } = context;
  const words: Readonly<Record<string, string>> = {
    bucket,
    image,
    origin: origin?.origin ?? 'https://HOST',
    host: origin?.host ?? 'HOST',
  };
  return { id, title, seen, fix: fix.replace(/\{(\w+)\}/g, (whole, word: string) => words[word] ?? whole), fails };
}
