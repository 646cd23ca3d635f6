/** IDs of our LogoutRequests. The logout's id stands in them, so that an answer finds it even where the SP lost the RelayState. */

/** `random` is 16 bytes: the id of the logout is known to all of its participants, the rest to the one that is asked. */
export const requestIdOf = (logoutId: string, random: Buffer): string =>
  `${logoutId}-${random.toString('hex')}`;

/** The id of the logout in an InResponseTo; `undefined` where it answers nothing of ours. */
export const logoutIdOf = (inResponseTo: string | undefined): string | undefined =>
  /^(lgt_[0-9a-f]{32})-[0-9a-f]{32}$/.exec(inResponseTo ?? '')?.[1];
