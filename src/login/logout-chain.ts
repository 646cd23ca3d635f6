/**
 * How a logout goes on. Each function takes a logout and yields the next one; none asks what may follow, `currentStep` alone says
 * whose turn it is.
 */
import type { Logout, LogoutStep } from '../tenant/logout.js';
import type { SessionParticipant } from '../tenant/session.js';
import type { TimelineEvent } from '../tenant/transaction.js';

/** A logout that has not come to its end after so long is over, though it stays `running`. */
const LONGEST_LOGOUT_MS = 3_600_000;
export const isOver = ({ status, createdAt }: Logout, at: Date): boolean =>
  status === 'running' && at.getTime() - Date.parse(createdAt) > LONGEST_LOGOUT_MS;

/** Index of the participant whose turn it is, asked already or not; `-1` where nobody is left. */
export const currentStep = ({ steps }: Logout): number =>
  steps.findIndex(({ state }) => state === 'asked' || state === 'waiting');

/** `reason` says why the participant cannot be asked; `null` where it can. */
export const stepOf = (participant: SessionParticipant, reason: string | null): LogoutStep => ({
  participant,
  state: reason === null ? 'waiting' : 'left_out',
  requestId: null,
  reason,
});

type Change = Partial<Pick<LogoutStep, 'state' | 'requestId' | 'reason'>>;
/** Its instant is that of the write. */
export type LogoutEvent = Omit<TimelineEvent, 'at'>;

export const withEvents = (logout: Logout, events: readonly LogoutEvent[], at: Date): Logout => ({
  ...logout,
  timeline: [...logout.timeline, ...events.map((event) => ({ ...event, at: at.toISOString() }))],
});

/** A LogoutRequest that was refused is kept as a logout that has ended where it began. */
export const isRefused = ({ timeline }: Logout): boolean =>
  timeline.some(({ name }) => name === 'request.refused');

function withStep(logout: Logout, index: number, change: Change, event: LogoutEvent, at: Date): Logout {
  const step = logout.steps[index]!;
  const { clientId } = step.participant;
  return withEvents(
    { ...logout, revision: logout.revision + 1, steps: logout.steps.with(index, { ...step, ...change }) },
    [{ ...event, detail: { client_id: clientId, ...event.detail } }],
    at,
  );
}

/** `sent` is what goes to the participant, for the timeline. */
export const ask = (
  logout: Logout,
  index: number,
  requestId: string,
  sent: Readonly<Record<string, unknown>>,
  at: Date,
): Logout =>
  withStep(
    logout,
    index,
    { state: 'asked', requestId },
    { name: 'participant.asked', detail: { id: requestId, ...sent } },
    at,
  );

/** `reason` says why it is not logged out; `null` where it is. */
export const takeAnswer = (
  logout: Logout,
  index: number,
  reason: string | null,
  received: Readonly<Record<string, unknown>>,
  at: Date,
): Logout =>
  withStep(
    logout,
    index,
    { state: reason === null ? 'logged_out' : 'failed', reason },
    { name: 'participant.answered', detail: { ...(reason !== null && { reason }), ...received } },
    at,
  );

/** It did not answer, or could not be asked after all. */
export const giveUp = (logout: Logout, index: number, reason: string, at: Date): Logout =>
  withStep(
    logout,
    index,
    { state: 'failed', reason },
    { name: 'participant.failed', detail: { reason } },
    at,
  );

/** `told` says what goes to the requester; `null` where there is none. */
export function finish(logout: Logout, told: LogoutEvent | null, at: Date): Logout {
  const ended: Logout = {
    ...logout,
    revision: logout.revision + 1,
    status: 'finished',
    finishedAt: at.toISOString(),
  };
  return withEvents(ended, [...(told ? [told] : []), { name: 'logout.finished' }], at);
}
