/** Types of events that can be asked for, the beginnings first that stand for many. */
export const EVENTS = [
  "message.*", "conversation.*",
  "message.accepted", "message.scheduled", "message.queued", "message.sent", "message.delivered", "message.undelivered",
  "message.failed", "message.expired", "message.rejected", "message.canceled", "message.unknown", "message.received",
  "conversation.created", "conversation.changed",
];
