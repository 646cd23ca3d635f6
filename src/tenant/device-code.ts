/** A device that waits for somebody to let it in (RFC 8628). Plain data; instants are ISO, of the server's clock. */
import type { Issuance } from './grant.js';

/** `redeemed`: its tokens were issued. */
export type DeviceCodeStatus = 'pending' | 'approved' | 'denied' | 'redeemed';

export interface DeviceCode {
  /** SHA-256 of the device code, see `tokenDigest`. */
  readonly digest: string;
  /** As the client is to show it; one among those that are pending. */
  readonly userCode: string;
  readonly clientId: string;
  readonly status: DeviceCodeStatus;
  readonly createdAt: string;
  readonly expiresAt: string;
  /** Seconds between two polls; grows with each that comes too early. */
  readonly interval: number;
  /** As asked, space-separated. */
  readonly scope: string;
  readonly audience: string | null;
  readonly dpopJkt?: string;
  /** `null` until it is approved. */
  readonly grantId: string | null;
  readonly issuance: Issuance | null;
}

/** What a poll meets; `slow_down` came before its interval was over. */
export type DevicePollOutcome = 'pending' | 'slow_down' | 'expired' | 'approved' | 'denied' | 'redeemed';
