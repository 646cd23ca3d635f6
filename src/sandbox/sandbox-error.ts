import { MintmarkError } from '../protocol/mintmark-error.js';

/** Every way in which a sandbox fails that is not the doing of the code in it. */
export type SandboxErrorCode =
  /** No worker process could be started. */
  | 'sandbox_unavailable'
  /** More runs wait than may wait, or one has waited too long. */
  | 'sandbox_busy'
  /** The server stops. */
  | 'sandbox_closed'
  /** A declared package is not installed. */
  | 'package_missing'
  /** It is installed in another version than the one that is declared. */
  | 'package_version'
  /** It is installed, and cannot be made one file: a native addon, or something that it needs is missing. */
  | 'package_unusable';

export class SandboxError extends MintmarkError<SandboxErrorCode> {}
