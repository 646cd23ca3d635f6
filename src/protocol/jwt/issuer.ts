/** The issuer of every token under a base URL: `iss` always ends in a slash, and RPs compare it byte for byte (OIDC Core 3.1.3.7). */
export const issuerOf = (baseUrl: string): string => (baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`);
