/** Tells apps in which department the user works, where it is known. */
exports.onExecutePostLogin = async (event, api) => {
  const { department } = event.user.app_metadata;
  if (department === undefined) return;
  api.idToken.setCustomClaim('https://example.test/department', department);
  api.accessToken.setCustomClaim('https://example.test/department', department);
};
