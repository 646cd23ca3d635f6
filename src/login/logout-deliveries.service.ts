import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { signJwt } from '../protocol/jwt/sign.js';
import { ClientStore } from '../storage/client-store.js';
import { LogoutDeliveryStore } from '../storage/logout-delivery-store.js';
import type { ClaimedDelivery, DeliveryAttempt, LogoutDelivery } from '../tenant/logout-delivery.js';
import { afterAttempt, logoutTokenOf } from './backchannel-logout.js';
import { BaseUrl, Clock, DueLogouts, Failures } from './ports.js';
import { leadsHere, postLogoutToken } from './post-logout-token.js';
import { TenantService } from './tenant.service.js';

const AT_ONCE = 10;
/** Longer than an attempt takes; whoever holds one and is no more is followed by another after it. */
const LEASE_MS = 30_000;
/** What another instance has queued, and did not live to deliver. */
const LONGEST_SLEEP_MS = 15_000;
const SHORTEST_SLEEP_MS = 250;

/** Delivers back-channel logouts, from the start of the server to its end. Of several instances one delivers each. */
@Injectable()
export class LogoutDeliveriesService implements OnApplicationBootstrap, OnModuleDestroy {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isWanted = false;
  readonly #stop = new AbortController();

  constructor(
    private readonly deliveries: LogoutDeliveryStore,
    private readonly clients: ClientStore,
    private readonly tenants: TenantService,
    private readonly baseUrl: BaseUrl,
    private readonly clock: Clock,
    private readonly failures: Failures,
    private readonly dueLogouts: DueLogouts,
  ) {}

  /** Begins once the server listens: a logout token names it. */
  onApplicationBootstrap(): void {
    this.baseUrl.whenKnown(() => {
      this.dueLogouts.wake = () => this.#wake();
      this.#wake();
    });
  }

  /** What is on its way is left to the next instance, or the next start. */
  async onModuleDestroy(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** Newest first. */
  list(limit: number): Promise<readonly LogoutDelivery[]> {
    return this.deliveries.list(limit);
  }

  /** In the order of the ids; those that are there no more are left out. */
  async getAll(ids: readonly string[]): Promise<readonly LogoutDelivery[]> {
    const found = new Map((await this.deliveries.getAll(ids)).map((delivery) => [delivery.id, delivery]));
    return ids.flatMap((id) => found.get(id) ?? []);
  }

  /** One round at a time; a wish during a round is followed by another. */
  #wake(): void {
    if (this.#isStopped) return;
    this.#isWanted = true;
    clearTimeout(this.#timer);
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (this.#isWanted) this.#wake();
    });
  }

  get #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Never throws: a failure is told, and the next round makes up for it. */
  async #run(): Promise<void> {
    this.#isWanted = false;
    let sleep = LONGEST_SLEEP_MS;
    try {
      await this.#deliverDue();
      const next = await this.deliveries.nextDue();
      if (next) sleep = Math.min(sleep, next.getTime() - this.clock.now().getTime());
    } catch (error) {
      this.failures.report(error, 'back-channel logouts were not delivered; the next attempt is in seconds');
    }
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => this.#wake(), Math.max(SHORTEST_SLEEP_MS, sleep)).unref();
  }

  async #deliverDue(): Promise<void> {
    while (!this.#isStopped) {
      const claimed = await this.deliveries.claimDue(this.clock.now(), AT_ONCE, LEASE_MS);
      if (claimed.length === 0) return;
      await Promise.all(claimed.map((delivery) => this.#deliver(delivery)));
    }
  }

  async #deliver(delivery: ClaimedDelivery): Promise<void> {
    const attempt = await this.#attempt(delivery);
    // whether it arrived nobody knows: it is the same token to the relying party when it comes again
    if (attempt.reason !== null && this.#isStopped) {
      await this.deliveries.release(delivery);
      return;
    }
    const tried = { ...delivery, log: [...(delivery.log ?? []), attempt] };
    const after = isFinal(attempt)
      ? { outcome: 'refused' as const }
      : afterAttempt(attempt, delivery.attempts, this.clock.now());
    if ('outcome' in after) await this.deliveries.settle({ ...tried, ...after });
    else await this.deliveries.retry(tried, after.nextAttemptAt);
  }

  async #attempt(delivery: ClaimedDelivery): Promise<DeliveryAttempt> {
    const at = this.clock.now();
    const client = await this.clients.get(delivery.clientId);
    if (!client) return { at: at.toISOString(), reason: CLIENT_GONE };
    if (leadsHere(delivery.url, this.baseUrl.value)) return { at: at.toISOString(), reason: LEADS_HERE };
    const { issuer, jwtKeys } = await this.tenants.current();
    const { payload, typ } = logoutTokenOf(delivery, client, { issuer, now: at });
    const token = await signJwt(payload, jwtKeys[client.jwt_configuration.alg], typ);
    return postLogoutToken(delivery.url, token, { at, stop: this.#stop.signal });
  }
}

const CLIENT_GONE = 'the client is gone';
const LEADS_HERE = 'the URL leads to this server itself, and is not called';
const isFinal = ({ reason }: DeliveryAttempt): boolean => reason === CLIENT_GONE || reason === LEADS_HERE;
