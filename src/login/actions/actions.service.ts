import { Injectable } from '@nestjs/common';
import { ActionError } from '../../actions/action-error.js';
import { buildEvent } from '../../actions/build-event.js';
import { maskOf } from '../../actions/masked.js';
import { shortened } from '../../protocol/saml/shortened.js';
import { Sandbox } from '../../sandbox/sandbox.js';
import type { RunReport } from '../../sandbox/messages.js';
import { ActionCacheStore } from '../../storage/action-cache-store.js';
import { ClientStore } from '../../storage/client-store.js';
import { GrantStore } from '../../storage/grant-store.js';
import { SessionStore } from '../../storage/session-store.js';
import { UserStore } from '../../storage/user-store.js';
import type { DeployedAction } from '../../tenant/action.js';
import type { Client } from '../../tenant/client.js';
import type { Denial, Effects } from '../../tenant/effects.js';
import type { Session } from '../../tenant/session.js';
import type { ActionsPart, Transaction } from '../../tenant/transaction.js';
import type { Identity, User, UserProfile } from '../../tenant/user.js';
import { ActionDeploymentService } from '../action-deployment.service.js';
import { deny, fail } from '../advance.js';
import { AuthorizationsService } from '../authorizations.service.js';
import type { Circumstances } from '../circumstances.js';
import { clockOf } from '../finish.js';
import { BaseUrl, Clock } from '../ports.js';
import { SessionEndsService } from '../session-ends.service.js';
import { wishesOf } from '../wishes.js';
import { ActionPrograms } from './action-programs.service.js';
import { begunPart, triggerOf } from './actions-part.js';
import { changesUser, withActionLayer, withMetadata, withoutFlushed } from './applied-effects.js';
import { baseValues } from './base-values.js';
import { newContinuation, newState } from './continuation.js';
import { sessionWrite } from './session-effects.js';
import { runTrigger, type HandlerRun, type TriggerEnd, type TriggerOutcome } from './trigger-run.js';

/** It goes out to whoever asked for the login. */
const LONGEST_REASON = 2048;

export interface RunOptions {
  /** Instead of those that are bound. */
  readonly actions?: readonly DeployedAction[];
  /** Nothing outside the transaction is changed: no metadata, no session, no cache, no count. */
  readonly dry?: boolean;
  /** Is told what the trigger asked for as far as it counts, and how the trigger ended: of a denial no setting, no claim does. */
  readonly onEffects?: (effects: Effects, end: TriggerEnd['kind']) => void;
  /** Is told by what an Action denied. */
  readonly onDenied?: (denial: Denial) => void;
}

/** What the Actions of a trigger do to a transaction, and to what is kept beside it. */
@Injectable()
export class ActionsService {
  constructor(
    private readonly sandbox: Sandbox,
    private readonly programs: ActionPrograms,
    private readonly deployments: ActionDeploymentService,
    private readonly clients: ClientStore,
    private readonly users: UserStore,
    private readonly sessions: SessionStore,
    private readonly cache: ActionCacheStore,
    private readonly clock: Clock,
    private readonly baseUrl: BaseUrl,
    private readonly authorizations: AuthorizationsService,
    private readonly grants: GrantStore,
    private readonly ends: SessionEndsService,
  ) {}

  /**
   * Runs the Actions of the transaction's trigger from where they stopped. The transaction comes back ready to be issued, suspended where
   * one of them sent the browser away, or at its end where one denied or failed.
   */
  async run(
    transaction: Transaction,
    circumstances: Circumstances,
    { dry = false, actions: given, onEffects, onDenied }: RunOptions = {},
  ): Promise<Transaction> {
    const trigger = triggerOf(transaction);
    const { triggers, triggersFault } = circumstances.tenant;
    if (!given && triggersFault) throw triggersFault;
    const bound = given ?? triggers[trigger];
    if (!transaction.actions && bound.length === 0) return { ...transaction, actions: null };
    const live = (await this.deployments.refreshLive(bound))
      ? (await this.deployments.deployed())[trigger]
      : bound;
    const actions = live.map((action) => withSecretsOf(transaction, action));
    const part = transaction.actions ?? begunPart(trigger, actions);
    const [client, session, cache, loginsCount, roles] = await Promise.all([
      transaction.clientId === null ? null : this.clients.get(transaction.clientId),
      this.#sessionOf(transaction),
      this.cache.read(trigger, this.clock.now().getTime()),
      part.loginsCount ?? this.#countLogin(transaction, dry),
      this.#rolesOf(transaction),
    ]);
    const begun: ActionsPart = { ...part, loginsCount };
    const participants = session ? await this.#clientsIn(session.id) : [];
    const { tenant } = circumstances;
    const outcome = await runTrigger(
      {
        transaction,
        part: begun,
        actions,
        cache,
        isPassive: wishesOf(transaction).isPassive || asksForNoPrompt(transaction),
        limitMs: tenant.settings.actions_time_limit_in_seconds * 1000,
      },
      {
        execute: (run) => this.#execute(run),
        eventOf: (current, effects, { secrets }) =>
          buildEvent({
            trigger,
            transaction: current,
            client,
            session,
            participants,
            effects,
            loginsCount,
            ...(roles && { roles }),
            tenantName: tenant.settings.name,
            hostname: new URL(this.baseUrl.value).hostname,
            request: current.request ?? NO_REQUEST,
            secrets,
          }),
        primaryUser: (id, current) => this.#primaryUser(id, current),
        base: baseValues,
        clock: () => {
          const server = this.clock.now();
          return { now: clockOf(transaction, server), server };
        },
      },
    );
    if (outcome.end.kind !== 'failed' || tenant.settings.keep_effects_of_failed_actions)
      onEffects?.(outcome.effects, outcome.end.kind);
    if (outcome.end.kind === 'denied') onDenied?.(outcome.end.denial);
    const after = { ...circumstances, at: this.clock.now() };
    const secrets = Object.fromEntries(actions.map((action) => [action.id, action.secrets]));
    return this.#conclude(outcome, begun, { client, session, circumstances: after, dry, secrets });
  }

  async #execute({
    action,
    handler,
    limitMs,
    event,
    effects,
    cache,
    now,
    serverNow,
  }: HandlerRun): Promise<RunReport> {
    let program;
    try {
      program = await this.programs.of(action);
    } catch (error) {
      if (error instanceof ActionError) return unusable(error, action);
      throw error;
    }
    return this.sandbox.run(
      program,
      {
        kind: 'action',
        trigger: action.trigger,
        handler,
        event,
        secrets: action.secrets,
        // what others set is none of its business; how much of it there is counts against the limits
        effects: { ...effects, saml: { ...effects.saml, settings: {} } },
        cache,
        now,
        serverNow,
      },
      limitMs,
    );
  }

  /** Applies what counts, in the stores and in the transaction, and takes the step that the trigger ended with. */
  async #conclude(
    { transaction, effects, end }: TriggerOutcome,
    part: ActionsPart,
    how: {
      readonly client: Client | null;
      readonly session: Session | null;
      readonly circumstances: Circumstances;
      readonly dry: boolean;
      /** Of all Actions: one may send on what another set. */
      readonly secrets: Readonly<Record<string, unknown>>;
    },
  ): Promise<Transaction> {
    const { circumstances, session, dry, secrets } = how;
    const { tenant, at, random } = circumstances;
    const sources = effects.sources;
    // somebody else may run them by now, and what they do outside must be done once
    if (part.runningUntil !== null && Date.parse(part.runningUntil) <= at.getTime())
      throw new ActionError(
        'action_timed_out',
        'The Actions of this login waited too long for their turn, so nothing that they asked for was done. More logins come than this machine has room for, or Actions take long.',
      );
    if (end.kind === 'failed') {
      const kept = tenant.settings.keep_effects_of_failed_actions
        ? await this.#flush(transaction, effects, dry)
        : transaction;
      return fail({ ...kept, actions: { ...part, sources } }, end.error, circumstances);
    }
    const flushed = await this.#flush(transaction, effects, dry);
    if (end.kind === 'redirect') {
      const state = newState(transaction.id, random);
      const continuation = newContinuation(end.url, state, end.action, at);
      return {
        ...flushed,
        status: 'suspended',
        actions: {
          ...part,
          state: 'suspended',
          runningUntil: null,
          next: end.index,
          resumed: false,
          effects: withoutFlushed(effects),
          continuation,
          sources,
        },
        timeline: [
          ...flushed.timeline,
          {
            name: 'user.redirected',
            at: clockOf(transaction, at).toISOString(),
            detail: { by: end.action.name, to: maskOf(secrets)(end.url) },
          },
        ],
        revision: flushed.revision + 1,
      };
    }
    if (session && !dry)
      await this.#changeSession(session, effects, end.kind === 'denied' ? end.denial : null);
    const {
      refreshToken,
      session: { cookieMode },
    } = effects;
    const ended: ActionsPart = {
      ...part,
      state: 'ended',
      runningUntil: null,
      resumed: false,
      next: part.actionIds.length,
      effects: null,
      continuation: null,
      sources,
      ...(Object.keys(refreshToken).length > 0 && { refreshToken }),
      ...(cookieMode && { cookieMode }),
    };
    if (end.kind === 'denied')
      return deny(
        { ...flushed, actions: ended },
        shortened(end.denial.reason, LONGEST_REASON),
        circumstances,
        oauthCode(end.denial),
      );
    return { ...withActionLayer(flushed, effects), actions: ended };
  }

  /** Metadata and cache: written once, at the end or before the browser leaves. */
  async #flush(transaction: Transaction, effects: Effects, dry: boolean): Promise<Transaction> {
    const { userId, user, isOwnProfile } = transaction;
    if (!dry && Object.keys(effects.cache).length > 0)
      await this.cache.write(triggerOf(transaction), effects.cache, this.clock.now().getTime());
    if (!user || !changesUser(effects)) return transaction;
    if (!dry && userId !== null && !isOwnProfile) {
      const updated_at = this.clock.now().toISOString();
      await this.users.update(userId, (kept) => ({ ...withMetadata(kept, effects), updated_at }));
    }
    return { ...transaction, user: withMetadata(user, effects) };
  }

  async #changeSession(session: Session, effects: Effects, denial: Denial | null): Promise<void> {
    if (denial?.by === 'session.revoke') {
      await this.ends.end(session.id, 'session-revoked');
      if (denial.preserveRefreshTokens !== true)
        await this.grants.revoke({ sessionId: session.id }, this.clock.now(), 'refresh_tokens');
      return;
    }
    const write = sessionWrite(session, effects);
    if (!write) return;
    if (write.expiresAt !== undefined && Date.parse(write.expiresAt) <= this.clock.now().getTime())
      await this.ends.end(session.id, 'session-expired');
    else await this.sessions.update(session.id, (kept) => sessionWrite(kept, effects) ?? {});
  }

  #sessionOf({ browser }: Transaction): Promise<Session | null> | null {
    const id = browser?.sessionId ?? null;
    return id === null ? null : this.sessions.get(id);
  }

  #rolesOf({ userId, organization }: Transaction): Promise<readonly string[]> | undefined {
    return userId === null ? undefined : this.authorizations.rolesOf(userId, organization?.id);
  }

  /** Whoever the session logged somebody in at, by SAML or by OpenID Connect. */
  async #clientsIn(sessionId: string): Promise<readonly string[]> {
    const [participants, grants] = await Promise.all([
      this.sessions.participants(sessionId),
      this.grants.inSession(sessionId),
    ]);
    return [...new Set([...participants, ...grants].map(({ clientId }) => clientId))];
  }

  /** A test counts nobody's login, and sees the count that the login would have made. */
  async #countLogin({ userId, exchanged, isOwnProfile }: Transaction, dry: boolean): Promise<number | null> {
    if (userId === null || isOwnProfile) return null;
    // nobody logs in where a refresh token is exchanged
    if (exchanged) return Math.max(1, ((await this.users.nextLoginsCount(userId)) ?? 2) - 1);
    return dry ? this.users.nextLoginsCount(userId) : this.users.countLogin(userId);
  }

  /** The identity that logged in must be one of theirs already, or anybody could become anybody (actions-api.md 5). */
  async #primaryUser(id: string, { user, userId }: Transaction): Promise<UserProfile> {
    const primary = await this.users.get(id);
    if (!primary)
      throw new ActionError(
        'primary_user_invalid',
        `setPrimaryUser: there is no user ${JSON.stringify(id)}.`,
      );
    if (primary.user_id === userId) return primary;
    const own = identitiesOf(user);
    if (primary.identities.some((held) => own.some((one) => isSame(one, held)))) return primary;
    throw new ActionError(
      'primary_user_invalid',
      `setPrimaryUser: the identity that logged in is no secondary identity of ${JSON.stringify(id)}: link the accounts first.`,
    );
  }
}

const identitiesOf = (user: UserProfile | User | null): readonly Identity[] => {
  const identities = user?.['identities'];
  return Array.isArray(identities) ? (identities as Identity[]).slice(0, 1) : [];
};
const isSame = (one: Identity, other: Identity): boolean =>
  one.provider === other.provider && one.user_id === other.user_id;

/** A test may give others in its partial event; they are as secret. */
export function withSecretsOf({ event }: Transaction, action: DeployedAction): DeployedAction {
  const given = event?.['secrets'];
  if (typeof given !== 'object' || given === null) return action;
  const texts = Object.entries(given).filter(([, value]) => typeof value === 'string');
  return {
    ...action,
    secrets: { ...action.secrets, ...(Object.fromEntries(texts) as Record<string, string>) },
  };
}

/** A test may say so in its partial event. */
function asksForNoPrompt({ event }: Transaction): boolean {
  const request = event?.['request'] as { query?: { prompt?: unknown } } | undefined;
  return request?.query?.prompt === 'none';
}

/** `validation.error` has a code of the author's own; it is told in the description's place, the protocol knows `access_denied` alone. */
const oauthCode = ({ code, by }: Denial): string =>
  by === 'access.deny' ? (OAUTH_CODES.has(code) ? code : 'server_error') : 'access_denied';
const OAUTH_CODES = new Set(['access_denied', 'invalid_scope', 'invalid_request', 'server_error']);

const NO_REQUEST = { ip: '127.0.0.1', method: 'GET', query: {}, body: {} };

const unusable = (error: ActionError, { file }: DeployedAction): RunReport => ({
  calls: [],
  logs: [],
  logsCut: false,
  durationMs: 0,
  error: {
    kind: 'unusable',
    name: 'Error',
    message: error.description,
    line: null,
    column: null,
    stack: file,
  },
});
