import { Injectable } from '@nestjs/common';
import { checkSettings } from '../protocol/saml/check-settings.js';
import { ATTRIBUTES_LIMIT } from '../protocol/saml/configuration-rules.js';
import { SamlError } from '../protocol/saml/saml-error.js';
import type { MintmarkError } from '../protocol/mintmark-error.js';
import { ClientStore } from '../storage/client-store.js';
import {
  TransactionStore,
  type TransactionFilters,
  type TransactionListing,
} from '../storage/transaction-store.js';
import { UserStore } from '../storage/user-store.js';
import type { Client } from '../tenant/client.js';
import type { SessionParticipant } from '../tenant/session.js';
import { TenantError } from '../tenant/tenant-error.js';
import type { RequestFacts, Transaction } from '../tenant/transaction.js';
import type { UserProfile } from '../tenant/user.js';
import { claimed, isRunning, triggerOf } from './actions/actions-part.js';
import { advance, deny } from './advance.js';
import { begin } from './begin.js';
import type { Tenant } from './circumstances.js';
import { CircumstancesService } from './circumstances.service.js';
import { clockOf } from './finish.js';
import { LoginError } from './login-error.js';
import { issuedBy } from './issued-grant.js';
import { isFinished, nextStep } from './next-step.js';
import { outrun } from './outrun-device.js';
import { BaseUrl, Clock, Randomness } from './ports.js';
import { ssoUrls } from './endpoints.js';
import { Retention } from './retention.service.js';
import { TenantService } from './tenant.service.js';
import type { TransactionBody } from './transaction-body.js';
import { restLayer, withEvent } from './transaction-settings.js';
import { transactionView } from './transaction-view.js';

/** Loads what a step needs, runs it, stores what it yields. What happens is decided by the steps. */
@Injectable()
export class TransactionsService {
  constructor(
    private readonly transactions: TransactionStore,
    private readonly clients: ClientStore,
    private readonly users: UserStore,
    private readonly tenants: TenantService,
    private readonly circumstances: CircumstancesService,
    private readonly clock: Clock,
    private readonly randomness: Randomness,
    private readonly baseUrl: BaseUrl,
    private readonly retention: Retention,
  ) {}

  /** Pending, or with `complete` at its end: then what is stored is the end, in one write. */
  async create(body: TransactionBody, http?: RequestFacts): Promise<Transaction> {
    const { tenant, pending } = await this.begun(body, http);
    const transaction = body.complete
      ? await advance(
          pending,
          this.circumstances.of(tenant),
          (error, { actions }) => !actions && isOf(body, error),
        )
      : pending;
    await this.transactions.insert(transaction);
    this.retention.countCreated();
    return transaction;
  }

  /** A pending transaction that is stored nowhere. Throws as `begin`, `client_not_found` and `user_not_found`. */
  async begun(
    body: TransactionBody,
    http?: RequestFacts,
  ): Promise<{ readonly tenant: Tenant; readonly pending: Transaction }> {
    const tenant = await this.tenants.current();
    const client = await this.#client(body.client_id);
    const pending = begin({
      body,
      client,
      user: body.user ? await this.#user(body.user) : null,
      http,
      id: `txn_${this.randomness.bytes(16).toString('hex')}`,
      at: this.clock.now(),
      endpoints: ssoUrls(this.baseUrl.value, client.client_id),
      defaultAudience: tenant.settings.default_audience,
      rules: { minimumRsaBits: tenant.settings.minimum_rsa_bits },
      readers: this.circumstances.pairReader(tenant).readers,
    });
    return { tenant, pending };
  }

  async get(id: string): Promise<Transaction> {
    const transaction = await this.transactions.get(id);
    if (!transaction) throw new LoginError('transaction_not_found', `there is no transaction ${id}`);
    return transaction;
  }

  list(query: {
    filters: TransactionFilters;
    limit: number;
    cursor: string | undefined;
  }): Promise<TransactionListing> {
    return this.transactions.list(query);
  }

  /** Runs the steps. Of any number of callers one is answered; the others get `transaction_finished` with what is stored. */
  complete(id: string): Promise<Transaction> {
    return this.run(id, (transaction) => {
      if (transaction.status === 'suspended') throw suspended(transaction);
      if (nextStep(transaction) === 'authenticate')
        throw new LoginError(
          'transaction_awaits_login',
          'a browser began this transaction, and nobody has logged in yet: log in on its page, or deny it',
        );
      return transaction;
    });
  }

  /**
   * Runs the steps of what `step` makes of an unfinished transaction, and writes where they end. Where Actions are to run it is claimed first,
   * since what they do outside cannot be done twice. Throws as `change`.
   */
  async run(
    id: string,
    step: (transaction: Transaction) => Transaction,
    participant: (next: Transaction) => SessionParticipant | undefined = () => undefined,
  ): Promise<Transaction> {
    const tenant = await this.tenants.current();
    const circumstances = this.circumstances.of(tenant);
    const advanced = (transaction: Transaction): Promise<Transaction> => advance(transaction, circumstances);
    const claims = (transaction: Transaction): boolean =>
      ['authorize_user', 'run_actions'].includes(nextStep(transaction)) &&
      ((transaction.actions ?? null) !== null || tenant.triggers[triggerOf(transaction)].length > 0);
    const first = await this.change(
      id,
      (transaction) => {
        const next = step(transaction);
        return claims(next) ? this.#claimed(next, tenant) : advanced(next);
      },
      participant,
    );
    if (!isRunning(first, this.clock.now())) return first;
    const next = await advanced(first);
    const written = await this.#written(next, participant);
    if (written) return written;
    const other = await this.get(id);
    throw isFinished(other) ? finished(other) : running(other);
  }

  #claimed(transaction: Transaction, tenant: Tenant): Transaction {
    const longest = tenant.settings.actions_time_limit_in_seconds * 1000 + CLAIM_MARGIN_MS;
    const until = new Date(this.clock.now().getTime() + longest);
    return claimed(transaction, tenant.triggers[triggerOf(transaction)], until);
  }

  deny(id: string, reason: string): Promise<Transaction> {
    return this.change(id, async (transaction) =>
      deny(transaction, reason, this.circumstances.of(await this.tenants.current())),
    );
  }

  /** Changes the settings of a pending transaction by `change`, and notes `what` on its timeline. */
  configure(
    id: string,
    what: { readonly setter: string; readonly name?: string },
    change: (transaction: Transaction) => Transaction,
  ): Promise<Transaction> {
    return this.change(id, async (transaction) => {
      const tenant = await this.tenants.current();
      const { readers, minimumRsaBits } = this.circumstances.pairReader(tenant);
      const changed = change(transaction);
      const { settings, attributes } = restLayer(changed);
      checkSettings(settings, attributes, { minimumRsaBits, pointer: '' }, readers);
      if (attributes.length > ATTRIBUTES_LIMIT)
        throw new SamlError(
          'saml_setting_invalid',
          `attributes must NOT have more than ${ATTRIBUTES_LIMIT} attributes`,
          {
            errors: [
              { pointer: '/attributes', detail: `must NOT have more than ${ATTRIBUTES_LIMIT} attributes` },
            ],
          },
        );
      const at = clockOf(transaction, this.clock.now()).toISOString();
      const noted = withEvent(changed, { name: 'settings.changed', at, detail: { by: 'rest', ...what } });
      return { ...noted, revision: transaction.revision + 1 };
    });
  }

  /**
   * Writes what `step` makes of an unfinished transaction, or begins again where somebody else was first.
   * `participant` is written with it. Throws `transaction_not_found`, `transaction_finished`, and `transaction_running`
   * while its Actions run.
   */
  async change(
    id: string,
    step: (transaction: Transaction) => Transaction | Promise<Transaction>,
    participant: (next: Transaction) => SessionParticipant | undefined = () => undefined,
  ): Promise<Transaction> {
    for (;;) {
      const transaction = await this.get(id);
      if (isFinished(transaction)) throw finished(transaction);
      if (isRunning(transaction, this.clock.now())) throw running(transaction);
      const next = await step(transaction);
      const written = await this.#written(next, participant);
      if (written) return written;
    }
  }

  /** What is stored now; `null` where somebody else was first. */
  async #written(
    next: Transaction,
    participant: (next: Transaction) => SessionParticipant | undefined,
  ): Promise<Transaction | null> {
    try {
      return (await this.transactions.update(next, participant(next), issuedBy(next))) ? next : null;
    } catch (error) {
      const failed = outrun(next, error, this.circumstances.of(await this.tenants.current()));
      return (await this.transactions.update(failed)) ? failed : null;
    }
  }

  async #client(id: string): Promise<Client> {
    const client = await this.clients.get(id);
    if (client) return client;
    throw new TenantError('client_not_found', `there is no client ${id}; GET /api/v2/clients lists them`, {
      errors: [{ pointer: '/client_id', detail: 'names no client' }],
    });
  }

  /** A stored user where `user_id` stands alone, else the profile itself. */
  async #user(user: NonNullable<TransactionBody['user']>): Promise<UserProfile> {
    const { user_id: id, ...rest } = user;
    if (id === undefined || Object.keys(rest).length > 0) return user;
    const stored = await this.users.get(id);
    if (stored) return stored;
    throw new TenantError(
      'user_not_found',
      `there is no user ${id}; GET /api/v2/users lists them, and a profile with more than a user_id needs none`,
      { errors: [{ pointer: '/user/user_id', detail: 'names no user' }] },
    );
  }
}

const finished = (transaction: Transaction): LoginError =>
  new LoginError(
    'transaction_finished',
    `the transaction is ${transaction.status} already; what it issued is in transaction.result`,
    {
      extensions: { transaction: transactionView(transaction) },
    },
  );

const running = ({ id }: Transaction): LoginError =>
  new LoginError(
    'transaction_running',
    `the Actions of the transaction run at this moment: GET /api/transactions/${id} tells when they have ended`,
  );

const suspended = ({ actions }: Transaction): LoginError =>
  new LoginError(
    'transaction_suspended',
    `the Action ${JSON.stringify(actions?.continuation?.actionName ?? '')} sent the user to another page: open transaction.redirect.url in a browser, and the login goes on when it comes back to /continue`,
  );

/** What the stores may take, besides the Actions themselves. */
const CLAIM_MARGIN_MS = 15_000;

/** Whether an error is about a value that this very body gave: then the body is refused, and no login has taken place. */
function isOf(body: unknown, error: MintmarkError): boolean {
  return error.errors.some(({ pointer }) => {
    let at = body;
    for (const member of pointer.split('/').slice(1)) {
      const name = member.replaceAll('~1', '/').replaceAll('~0', '~');
      if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return false;
      at = (at as Record<string, unknown>)[name];
    }
    return true;
  });
}
