/** Where service providers send their messages: one URL of each client's own, and one for all of them (design: HTTP surface). */

/** Single sign-on URLs at which a request of the client may arrive, so that one of them is its Destination. */
export const ssoUrls = (baseUrl: string, clientId: string): [own: string, shared: string] => [
  `${baseUrl}/samlp/${encodeURIComponent(clientId)}`,
  `${baseUrl}/samlp`,
];

/** Likewise for logout messages. */
export const logoutUrls = (baseUrl: string, clientId: string): [own: string, shared: string] => {
  const [own, shared] = ssoUrls(baseUrl, clientId);
  return [`${own}/logout`, `${shared}/logout`];
};
