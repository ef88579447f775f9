import type { Model, Step } from './explore.ts';

/*
 * How a derived list follows its truth while many write (docs/bucket-layout.md, "Derived objects"): some writers set or delete a tag each, and rebuild the list.
 *
 *   foresee   GET  the list, then LIST       only of who prepares ahead: the bytes with its own change
 *   change    PUT or DELETE the tag
 *   glance    GET  the list                  it says so already: done (only where allowed)
 *   read      GET  the list                  remember its bytes and ETag
 *   derive    LIST the tags                  the bytes that were read: done
 *   put       PUT  the list, If-Match        failed: back to `read`
 *   check     LIST the tags                  not what was put: back to `read`
 */

export interface ListRules {
  readonly conditions: 'atomic' | 'ignored';
  /** What an ETag is of: most stores make it of the bytes, so that it comes back when they do. */
  readonly etag: 'bytes' | 'write';
  /** Lists the truth again after a PUT. */
  readonly checkAfterPut: boolean;
  /** A writer that finds its change in the list already lists nothing. */
  readonly glanceFirst: boolean;
  /** A writer that sets a tag reads the list and lists the tags before it does so, and puts what it made of both after it. */
  readonly foresee: boolean;
}

interface ListWriter {
  readonly at: 'foresee' | 'foresee-derive' | 'change' | 'glance' | 'read' | 'derive' | 'put' | 'check' | 'done';
  readonly change: { readonly tag: string; readonly isSet: boolean };
  readonly etag: string;
  readonly bytes: string;
  readonly hasForeseen: boolean;
}

export interface ListSystem {
  readonly tags: readonly string[];
  readonly list: string;
  /** Number of writes of the list. */
  readonly writes: number;
  readonly writers: readonly ListWriter[];
}

/** Begins with these tags, all listed, and writers that each make one change. `+a` sets tag a, `-a` deletes it. */
export function newListSystem(tags: readonly string[], changes: readonly string[]): ListSystem {
  const writers = changes.map((change): ListWriter => ({
    at: 'foresee',
    change: { tag: change.slice(1), isSet: change.startsWith('+') },
    etag: '',
    bytes: '',
    hasForeseen: false,
  }));
  return { tags, list: formatList(tags), writes: 0, writers };
}

/** The model: any writer may do its next request. */
export function createListModel(initial: ListSystem, rules: ListRules): Model<ListSystem> {
  return {
    initial,
    steps: (system) => system.writers.flatMap((writer, index) => moveWriter(system, writer, index, rules)),
    violation: () => undefined,
    stuck: ({ list, tags }) => (list === formatList(tags) ? undefined : `the list says "${list}", but there is "${formatList(tags)}"`),
  };
}

function moveWriter(system: ListSystem, writer: ListWriter, index: number, rules: ListRules): Step<ListSystem>[] {
  const to = (label: string, change: Partial<ListWriter>, changed: Partial<ListSystem> = {}): Step<ListSystem>[] => [
    {
      label: `writer ${index}: ${label}`,
      next: { ...system, ...changed, writers: system.writers.with(index, { ...writer, ...change }) },
    },
  ];
  const { tag, isSet } = writer.change;
  const truth = formatList(system.tags);
  const etag = rules.etag === 'bytes' ? system.list : String(system.writes);
  switch (writer.at) {
    case 'foresee':
      if (!rules.foresee || !isSet || rules.conditions !== 'atomic') return to('has nothing to foresee', { at: 'change' });
      return to(`reads ${system.list} ahead`, { at: 'foresee-derive', etag, bytes: system.list });
    case 'foresee-derive': {
      const foreseen = formatList([...new Set([...system.tags, tag])].toSorted());
      const isNews = foreseen !== writer.bytes;
      return to(`foresees ${foreseen}`, {
        at: 'change',
        etag: isNews ? writer.etag : '',
        bytes: isNews ? foreseen : '',
        hasForeseen: isNews,
      });
    }
    case 'change': {
      const others = system.tags.filter((other) => other !== tag);
      return to(
        isSet ? `sets ${tag}` : `deletes ${tag}`,
        { at: writer.hasForeseen ? 'put' : rules.glanceFirst ? 'glance' : 'read' },
        { tags: isSet ? [...others, tag].toSorted() : others },
      );
    }
    case 'glance':
      return to(`reads ${system.list}`, { at: system.list.split(',').includes(tag) === isSet ? 'done' : 'read' });
    case 'read':
      return to(`reads ${system.list}`, { at: 'derive', etag, bytes: system.list });
    case 'derive':
      return writer.bytes === truth ? to('finds it right', { at: 'done' }) : to(`derives ${truth}`, { at: 'put', bytes: truth });
    case 'put': {
      if (rules.conditions === 'atomic' && writer.etag !== etag) return to('fails to put', { at: 'read' });
      return to(`puts ${writer.bytes}`, { at: rules.checkAfterPut ? 'check' : 'done' }, { list: writer.bytes, writes: system.writes + 1 });
    }
    case 'check':
      return writer.bytes === truth ? to('finds it right', { at: 'done' }) : to('finds it changed', { at: 'read' });
    case 'done':
      return [];
    default:
      return writer.at satisfies never;
  }
}

function formatList(tags: readonly string[]): string {
  return tags.join(',');
}
