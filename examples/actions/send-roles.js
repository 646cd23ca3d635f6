/** Tells service providers the roles of the user, and lets nobody in who has none. */
exports.onExecutePostLogin = async (event, api) => {
  if (event.transaction?.protocol !== 'samlp') return;
  const roles = event.authorization?.roles ?? [];
  const assigned = event.user.app_metadata.roles ?? [];
  const all = [...new Set([...roles, ...assigned])];
  if (all.length === 0) {
    api.access.deny('You have no role here yet. Ask an administrator for one.');
    return;
  }
  api.samlResponse.setAttribute(
    'http://schemas.example.test/claims/role',
    all.map((role) => `${event.secrets.ROLE_PREFIX}${role}`),
  );
};
