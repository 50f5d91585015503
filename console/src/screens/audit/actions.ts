/** What the audit log can hold. */
export const ACTIONS = [
  "session.opened",
  "session.refused",
  "session.ended",
  "user.invited",
  "user.changed",
  "user.deleted",
  "user.link_made",
  "user.password_set",
  "user.factor_added",
  "user.factor_removed",
  "user.recovery_codes_made",
  "user.recovery_code_used",
  "user.linked",
  "key.created",
  "key.changed",
  "key.rotated",
  "key.revoked",
  "setup.completed",
] as const;

/** How an action is called among the words. */
export const wordOf = (action: string) => action.replace(/[._]/g, "-");
