import { Injectable } from '@nestjs/common';
import { matchesOrigin } from '../protocol/oauth/redirect-uri.js';
import { ClientStore } from '../storage/client-store.js';

/** Clients are read in pages of so many. */
const PER_PAGE = 100;

/** Says whose pages may read what clients call from the browser: those of any client, as Auth0 has it; docs/decisions/oauth-cors.md. */
@Injectable()
export class AllowedOriginsService {
  constructor(private readonly clients: ClientStore) {}

  /** `origin` is the header, as a browser sends it. A preflight names no client, so that any will do. */
  async isAllowed(origin: string): Promise<boolean> {
    for (let page = 0; ; page++) {
      const { items } = await this.clients.list({ page, perPage: PER_PAGE });
      const isOne = items.some(({ callbacks, web_origins: webOrigins, allowed_origins: allowed = [] }) =>
        matchesOrigin(origin, [...allowed, ...webOrigins, ...callbacks]),
      );
      if (isOne) return true;
      if (items.length < PER_PAGE) return false;
    }
  }
}
