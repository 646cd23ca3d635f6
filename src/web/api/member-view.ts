import type { User } from '../../tenant/user.js';

/** A user in the lists of roles and organizations. */
export const memberView = ({ user_id, email, name, picture }: User) => ({ user_id, email, name, picture });
