/** What stands in an answer where a secret is set. A PATCH that sends it back leaves the secret as it is. */
export const SECRET = '(secret)';
