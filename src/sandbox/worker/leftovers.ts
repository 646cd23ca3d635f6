/** What a run left behind: closed, and said, since what was busy may still do something. */
import { changed } from './integrity.js';
import { lastingChange, takeOpened } from './harden.js';
import { renew } from './renewed.js';

/** Of Node's names; what is not here is named as Node does. */
const WORDS: Readonly<Record<string, string>> = {
  TCPSocketWrap: 'a connection',
  TCPServerWrap: 'a server',
  PipeWrap: 'a pipe',
  Timeout: 'a timer',
  Immediate: 'a timer',
  GetAddrInfoReqWrap: 'a name that is being looked up',
  TCPConnectWrap: 'a connection',
  ZLIB: 'a compression',
};

// Taken before anybody can put another in its place.
const activeResources = process.getActiveResourcesInfo.bind(process);

let atRest: ReadonlyMap<string, number> | null = null;

function counted(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of activeResources()) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** What is busy in a worker in which nothing runs; to be called as `leftovers` will be. */
export const rememberRest = (): void => {
  atRest = counted();
};

/** `null` where nothing is left. */
export function leftovers(): string | null {
  // First: what follows goes by what might have been changed.
  const changedName = changed();
  if (changedName !== null) return `${changedName} was changed for all who come after`;
  const busy = [...counted()].find(([name, count]) => count > (atRest?.get(name) ?? 0))?.[0];
  for (const one of takeOpened()) {
    try {
      one.destroy?.();
      one.close?.();
    } catch {
      // Closed already.
    }
  }
  if (busy !== undefined) return `${WORDS[busy] ?? busy} is left over`;
  renew();
  const lasting = lastingChange();
  return lasting === null ? null : `${lasting} was called`;
}
