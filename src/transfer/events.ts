import type { Descriptor } from '../oci/descriptor.ts';

/**
 * What happens during a copy, for whoever shows progress. `plan` comes first; where a collection came between, `again` and another `plan` follow, whose numbers replace
 * the first one's. Where layers are packed on the way, `packing` and all of that comes before the plan, which then leaves them out. Events are told synchronously: a listener must not throw, and what it does is waited for.
 */
export type TransferEvent =
  | { readonly kind: 'plan'; readonly plan: PlanSummary }
  /** So many uncompressed layers, of so many bytes, are packed and sent. Each is a blob that starts and progresses by what was read of it, until it is `layer-packed`. */
  | { readonly kind: 'packing'; readonly layers: number; readonly bytes: number }
  | { readonly kind: 'layer-packed'; readonly layer: Descriptor; readonly packed: Descriptor }
  | { readonly kind: 'blob-started'; readonly blob: Descriptor }
  /** `bytes` more were sent; negative when a part is sent again. */
  | { readonly kind: 'blob-progress'; readonly blob: Descriptor; readonly bytes: number }
  /** `bytes` more of an upload that broke off were found in the target and are kept: they need not be sent. */
  | { readonly kind: 'blob-resumed'; readonly blob: Descriptor; readonly bytes: number }
  | { readonly kind: 'blob-done'; readonly blob: Descriptor }
  /** The target has it already; told after the plan, in which it is not counted. */
  | { readonly kind: 'blob-skipped'; readonly blob: Descriptor }
  | { readonly kind: 'manifest-done'; readonly manifest: Descriptor }
  /** Something was collected while we sent: all is looked at once more. */
  | { readonly kind: 'again'; readonly round: number }
  /** The image is visible under its name. */
  | { readonly kind: 'committed'; readonly root: Descriptor };

/** Called with each event of a copy. */
export type TransferListener = (event: TransferEvent) => void;

/** How much there is to do, each thing counted once however often it is named. */
export interface PlanSummary {
  /** Blobs to be sent, and their bytes. */
  readonly blobs: number;
  readonly bytes: number;
  /** Blobs that the target has. Those below a manifest that it has whole are not looked at, and not counted. */
  readonly skippedBlobs: number;
  readonly skippedBytes: number;
  /** Layers that may not be distributed: never copied, since clients fetch them from their own URLs. */
  readonly foreignLayers: number;
  readonly manifests: number;
}
