import { Injectable } from '@nestjs/common';
import type { OutgoingMessage } from '../protocol/saml/outgoing-message.js';
import { SamlError } from '../protocol/saml/saml-error.js';
import { LogoutStore } from '../storage/logout-store.js';
import { SessionStore } from '../storage/session-store.js';
import type { Logout, LogoutStep } from '../tenant/logout.js';
import type { LogoutDelivery } from '../tenant/logout-delivery.js';
import { sessionIdOf, type Session } from '../tenant/session.js';
import type { User } from '../tenant/user.js';
import {
  ask,
  currentStep,
  finish,
  giveUp,
  isOver,
  isRefused,
  withEvents,
  type LogoutEvent,
} from './logout-chain.js';
import { LogoutError } from './logout-error.js';
import { LogoutPartiesService } from './logout-parties.service.js';
import {
  answerTo,
  responseIdOf,
  sentDetail,
  toldRequester,
  whyLeftOut,
  type LogoutParty,
} from './logout-party.js';
import { requestIdOf } from './logout-request-id.js';
import { statusOfEnd, stillLoggedIn } from './logout-status.js';
import { Clock, Randomness } from './ports.js';
import { Retention } from './retention.service.js';
import { SessionEndsService } from './session-ends.service.js';

/** Where a logout stands. */
export type LogoutTurn =
  /** It is a participant's turn: `message` goes to it. */
  | {
      readonly kind: 'ask';
      readonly logout: Logout;
      readonly requestId: string;
      readonly message: OutgoingMessage;
      readonly party: LogoutParty;
    }
  /** All were asked: `message` tells the SP that began. */
  | {
      readonly kind: 'answer';
      readonly logout: Logout;
      readonly message: OutgoingMessage;
      readonly party: LogoutParty;
    }
  /** All were asked, and the browser goes where it was to go after the logout. */
  | { readonly kind: 'leave'; readonly logout: Logout; readonly url: string }
  /** All were asked, and there is nobody to tell. */
  | {
      readonly kind: 'signed_out';
      readonly logout: Logout;
      /** The SP that began and cannot be told, and why; `null` where the IdP began. */
      readonly untold: Untold | null;
    };

export interface Untold {
  readonly clientId: string;
  readonly why: string;
}

type Ending = Exclude<LogoutTurn, { kind: 'ask' }>;

/** For people. */
export interface LogoutOutcome {
  readonly steps: readonly (Pick<LogoutStep, 'state' | 'reason'> & { readonly name: string })[];
  readonly partial: boolean;
  readonly untold: { readonly name: string; readonly why: string } | null;
}

interface Written {
  /** `null` where the next turn is to be looked for. */
  readonly turn: LogoutTurn | null;
  /** What is to be written first; `null` where nothing is. */
  readonly next: Logout | null;
}

/** Single logout (SAML Profiles 4.4). All of its state is in the store, so that any instance takes the next turn. */
@Injectable()
export class LogoutsService {
  constructor(
    private readonly logouts: LogoutStore,
    private readonly sessions: SessionStore,
    private readonly parties: LogoutPartiesService,
    private readonly clock: Clock,
    private readonly randomness: Randomness,
    private readonly retention: Retention,
    private readonly ends: SessionEndsService,
  ) {}

  /** Newest first. */
  list(limit: number): Promise<readonly Logout[]> {
    return this.logouts.list(limit);
  }

  /** Throws `logout_not_found`. */
  async get(id: string): Promise<Logout> {
    const logout = await this.logouts.get(id);
    if (!logout) throw new LogoutError('logout_not_found', `There is no logout ${id}.`);
    return logout;
  }

  /** Whose session it is; `null` where there is none. Its lifetimes do not matter to whoever wants to end it. */
  findSession(token: string | undefined): Promise<{ session: Session; user: User } | null> {
    return token === undefined ? Promise.resolve(null) : this.sessions.find(sessionIdOf(token));
  }

  /**
   * The person in front of the browser begins, here or at the relying party that sent them; `null` where they have no session.
   * `requested` says how.
   */
  async beginHere(
    sessionToken: string | undefined,
    browserToken: string,
    from?: {
      readonly relyingParty: NonNullable<Logout['relyingParty']>;
      readonly requested: Readonly<Record<string, unknown>>;
    },
  ): Promise<Logout | null> {
    const session = sessionToken === undefined ? null : await this.sessions.get(sessionIdOf(sessionToken));
    if (!session) return null;
    return this.begin({
      requester: null,
      browser: sessionIdOf(browserToken),
      sessionIds: [session.id],
      ...(from && { relyingParty: from.relyingParty }),
      events: [{ name: 'logout.requested', detail: from?.requested ?? { by: 'idp-initiated' } }],
    });
  }

  /**
   * Ends the sessions, and remembers whom of their participants it still has to ask: whatever becomes of the chain, nobody is logged in
   * here any more.
   */
  async begin({
    events,
    ...beginning
  }: Pick<Logout, 'requester' | 'relyingParty' | 'browser' | 'sessionIds'> & {
    readonly events: readonly LogoutEvent[];
  }): Promise<Logout> {
    const at = this.clock.now();
    const { requester, relyingParty, sessionIds } = beginning;
    const initiator = requester || relyingParty ? 'rp-logout' : 'idp-logout';
    const sessions = await Promise.all(sessionIds.map((id) => this.sessions.get(id)));
    const participants = await Promise.all(sessionIds.map((id) => this.sessions.participants(id)));
    const others = participants.flat().filter(({ clientId }) => clientId !== requester?.clientId);
    const steps = await this.parties.stepsOf(others);
    const ended = sessionIds.map((id) => ({ name: 'session.ended', detail: { id } }));
    const blank = this.blank(at);
    const told = await Promise.all(
      sessionIds.map(async (id) => [id, await this.ends.prepare(id, initiator, blank.id)] as const),
    );
    const logout = withEvents(
      {
        ...blank,
        ...beginning,
        userId: sessions.find((session) => session !== null)?.userId ?? null,
        steps,
      },
      [...events, ...ended, ...told.flatMap(([, deliveries]) => deliveries.map(queued)), ...leftOut(steps)],
      at,
    );
    await this.keep(logout);
    for (const [id, deliveries] of told) await this.ends.carryOut(id, deliveries);
    return logout;
  }

  /** A new one. */
  async keep(logout: Logout): Promise<void> {
    await this.logouts.insert(logout);
    this.retention.countCreated();
  }

  /** Running, with nobody to ask. */
  blank(at: Date): Logout {
    return {
      id: `lgt_${this.randomness.bytes(16).toString('hex')}`,
      revision: 1,
      status: 'running',
      createdAt: at.toISOString(),
      finishedAt: null,
      requester: null,
      userId: null,
      sessionIds: [],
      steps: [],
      timeline: [],
    };
  }

  /**
   * Whose turn it is. From the first time on the logout belongs to the browser that keeps `browserToken`. Throws LogoutError
   * `logout_not_found`, `logout_over`, `logout_elsewhere`.
   */
  async turn(id: string, browserToken: string): Promise<LogoutTurn> {
    for (;;) {
      const stored = await this.#openIn(id, browserToken);
      if (stored.status === 'finished') return this.#ending(stored);
      const logout = { ...stored, browser: sessionIdOf(browserToken) };
      const index = currentStep(logout);
      const { turn, next } = index === -1 ? await this.#end(logout) : await this.#ask(logout, index);
      const isWritten = next === null || (await this.logouts.update(next));
      if (isWritten && turn) return turn;
    }
  }

  /** Goes on without the participant that was asked by `requestId`; nothing changes where its turn is over. Throws as `turn` does. */
  async skip(id: string, requestId: string, reason: string, browserToken: string): Promise<void> {
    for (;;) {
      const logout = await this.#openIn(id, browserToken);
      const index = currentStep(logout);
      const step = logout.steps[index];
      if (logout.status === 'finished' || step?.state !== 'asked' || step.requestId !== requestId) return;
      const next = giveUp(logout, index, reason, this.clock.now());
      if (await this.logouts.update(next)) return;
    }
  }

  /** How it ended, by the names of the clients. */
  async outcomeOf({ logout, untold }: Extract<LogoutTurn, { kind: 'signed_out' }>): Promise<LogoutOutcome> {
    const nameOf = async (clientId: string): Promise<string> =>
      (await this.parties.find(clientId))?.name ?? clientId;
    const steps = logout.steps.map(async ({ participant: { clientId }, state, reason }) => ({
      name: await nameOf(clientId),
      state,
      reason,
    }));
    return {
      steps: await Promise.all(steps),
      partial: stillLoggedIn(logout).length > 0,
      untold: untold && { name: await nameOf(untold.clientId), why: untold.why },
    };
  }

  async #ask(logout: Logout, index: number): Promise<Written> {
    const at = this.clock.now();
    const step = logout.steps[index]!;
    const party = await this.parties.find(step.participant.clientId);
    const reason = whyLeftOut(party);
    if (!party || reason !== null)
      return { turn: null, next: giveUp(logout, index, reason ?? 'the client is gone', at) };
    const requestId = step.requestId ?? requestIdOf(logout.id, this.randomness.bytes(16));
    try {
      const message = party.request(step.participant, { id: requestId, at, relayState: logout.id });
      // it may have been asked before: a browser that comes back without an answer asks the same again
      const next = step.state === 'asked' ? null : ask(logout, index, requestId, sentDetail(message), at);
      return { turn: { kind: 'ask', logout: next ?? logout, requestId, message, party }, next };
    } catch (error) {
      if (!(error instanceof SamlError)) throw error;
      return { turn: null, next: giveUp(logout, index, error.description, at) };
    }
  }

  async #end(logout: Logout): Promise<Written> {
    const at = this.clock.now();
    const turn = await this.#ending(finish(logout, null, at));
    return { turn, next: finish(logout, toldAt(turn), at) };
  }

  /** Of a finished logout, always the same: a browser that lost the answer gets it again. */
  async #ending(logout: Logout): Promise<Ending> {
    const { requester, relyingParty, finishedAt } = logout;
    const redirectTo = relyingParty?.redirectTo ?? null;
    if (redirectTo !== null) return { kind: 'leave', logout, url: redirectTo };
    if (!requester) return { kind: 'signed_out', logout, untold: null };
    const { clientId } = requester;
    const party = await this.parties.find(clientId);
    if (!party) return { kind: 'signed_out', logout, untold: { clientId, why: 'the client is gone' } };
    const answer = answerTo(party, () =>
      party.response({
        id: responseIdOf(logout),
        at: new Date(finishedAt!),
        inResponseTo: requester.requestId,
        status: statusOfEnd(logout),
        relayState: requester.RelayState,
      }),
    );
    return answer.message
      ? { kind: 'answer', logout, message: answer.message, party }
      : { kind: 'signed_out', logout, untold: { clientId, why: answer.why } };
  }

  /** Throws where this browser must not, or cannot any more, go on with it. */
  async #openIn(id: string, browserToken: string): Promise<Logout> {
    const logout = await this.get(id);
    if (isRefused(logout)) throw new LogoutError('logout_not_found', `The logout ${id} was refused.`);
    if (isOver(logout, this.clock.now()))
      throw new LogoutError(
        'logout_over',
        'This logout began more than an hour ago and has not come to its end. You are signed out here; to be signed out elsewhere, sign out there.',
      );
    if (logout.browser !== undefined && logout.browser !== sessionIdOf(browserToken))
      throw new LogoutError(
        'logout_elsewhere',
        'This logout goes on in another browser, or this one does not keep cookies. You are signed out here; to be signed out elsewhere, sign out there.',
      );
    return logout;
  }
}

const toldAt = (turn: Ending): LogoutEvent | null => {
  if (turn.kind === 'answer') return toldRequester(turn, statusOfEnd(turn.logout));
  if (turn.kind === 'leave') return { name: 'browser.sent_back', detail: { to: turn.url } };
  return turn.untold && toldRequester({ message: null, why: turn.untold.why }, statusOfEnd(turn.logout));
};

const leftOut = (steps: readonly LogoutStep[]): LogoutEvent[] =>
  steps.flatMap(({ participant: { clientId }, reason }) =>
    reason === null ? [] : [{ name: 'participant.left_out', detail: { client_id: clientId, reason } }],
  );

/** A relying party is told later, whatever becomes of the chain; `id` is that of the delivery. */
const queued = ({ id, clientId, url }: LogoutDelivery): LogoutEvent => ({
  name: 'backchannel.queued',
  detail: { id, client_id: clientId, url },
});

/** Ids of the deliveries that wait, or waited, for the relying parties of its sessions. */
export const deliveryIdsOf = ({ timeline }: Logout): string[] =>
  timeline.flatMap(({ name, detail }) => (name === 'backchannel.queued' ? String(detail?.['id']) : []));
