import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { LoginAttemptStore } from '../storage/login-attempt-store.js';
import { LogoutDeliveryStore } from '../storage/logout-delivery-store.js';
import { LogoutStore } from '../storage/logout-store.js';
import { SessionStore } from '../storage/session-store.js';
import { SettingsStore } from '../storage/settings-store.js';
import { TransactionStore } from '../storage/transaction-store.js';
import type { TenantSettings } from '../tenant/tenant-settings.js';
import { Clock, Failures } from './ports.js';
import { SessionEndsService } from './session-ends.service.js';
import { TokenRetention } from './token-retention.service.js';

const EVERY_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Under load a minute is long: then the surplus alone is a reason, a tenth of the cap or so many. */
const MOST_SURPLUS = 1000;

/** Deletes the transactions and logouts beyond the tenant's caps, and sessions, attempts, codes and tokens that are over: at start, each minute, when the caps change, and when many have come. */
@Injectable()
export class Retention implements OnApplicationBootstrap, OnModuleDestroy {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #created = 0;
  #tolerated = MOST_SURPLUS;
  #stopped = false;

  constructor(
    private readonly settings: SettingsStore,
    private readonly transactions: TransactionStore,
    private readonly sessions: SessionStore,
    private readonly logouts: LogoutStore,
    private readonly attempts: LoginAttemptStore,
    private readonly deliveries: LogoutDeliveryStore,
    private readonly tokens: TokenRetention,
    private readonly ends: SessionEndsService,
    private readonly clock: Clock,
    private readonly failures: Failures,
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => void this.prune(), EVERY_MS).unref();
    void this.prune();
  }

  /** Before the database is closed. */
  async onModuleDestroy(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#running;
  }

  /** A transaction, or a logout. */
  countCreated(): void {
    this.#created += 1;
    if (this.#created >= this.#tolerated) void this.prune();
  }

  /** One at a time. Never throws: a failure is told, and the next run makes up for it. */
  prune(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    this.#running ??= this.#pruneOnce().finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #pruneOnce(): Promise<void> {
    this.#created = 0;
    try {
      const settings = await this.settings.get();
      const { days, transactions } = settings.retention;
      this.#tolerated = Math.max(1, Math.min(MOST_SURPLUS, Math.floor(transactions / 10)));
      const olderThan = new Date(this.clock.now().getTime() - days * DAY_MS);
      await this.transactions.prune({ olderThan, keep: transactions });
      await this.#pruneSessions(settings);
    } catch (error) {
      this.failures.report(error, 'what is old was not deleted; the next attempt is in a minute');
    }
  }

  async #pruneSessions({ idle_session_lifetime: idleHours, retention }: TenantSettings): Promise<void> {
    const now = this.clock.now();
    const lifetimes = { now, idleSince: new Date(now.getTime() - idleHours * HOUR_MS) };
    await this.ends.endOver(lifetimes);
    await this.sessions.prune({ ...lifetimes, keep: retention.transactions });
    await this.logouts.prune({
      olderThan: new Date(now.getTime() - DAY_MS),
      keep: retention.transactions,
    });
    await this.deliveries.prune(now, retention.transactions);
    await this.attempts.prune(now);
    await this.tokens.prune(now);
  }
}
