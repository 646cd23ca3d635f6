/**
 * The three ways in which the same call is answered: as Auth0 does, as the RFCs and OpenID Connect say, and as Notion does under `/v1/oauth`.
 * Where they differ is written where it matters; a caller chooses one, for a client or for a path.
 */
export type Dialect = 'auth0' | 'strict' | 'notion';
