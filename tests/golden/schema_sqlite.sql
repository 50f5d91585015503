CREATE TABLE account (
  id integer primary key,
  name text not null,
  created_at integer not null
, closed_at integer, rate real, daily_quota integer, monthly_quota integer, default_region text, smart_encoding text, sender_smart_encoding text);
CREATE TABLE api_key (
  id integer primary key,
  account_id integer not null,
  name text not null,
  scope text not null,
  digest blob not null,
  created_at integer not null
, senders text, networks text, expires_at integer, revoked_at integer, last_used_at integer, old_digest blob, old_until integer, rate real, daily_quota integer, monthly_quota integer);
CREATE INDEX api_key_account on api_key (account_id, id);
CREATE TABLE attempt (
  id integer primary key,
  message_id integer not null,
  account_id integer not null,
  part integer not null,
  carrier text not null,
  bind text not null,
  fence integer not null,
  started_at integer not null,
  outcome text,
  carrier_id text,
  carrier_code text,
  detail text,
  answered_at integer,
  receipt text,
  receipt_code text
, receipt_error text);
CREATE INDEX attempt_carrier_key on attempt (ltrim(lower(trim(carrier_id)), '0'), carrier) where carrier_id is not null;
CREATE INDEX attempt_in_doubt on attempt (carrier) where outcome = 'in_doubt';
CREATE INDEX attempt_left_open on attempt (id) where outcome is null;
CREATE INDEX attempt_message on attempt (message_id);
CREATE TABLE audit_entry (
  id integer primary key,
  account_id integer not null,
  occurred_at integer not null,
  action text not null,
  actor_kind text not null,
  actor_id integer not null,
  actor_name text not null,
  address text not null,
  subject_kind text not null,
  subject_id integer not null,
  subject_name text not null,
  detail text
);
CREATE INDEX audit_entry_account on audit_entry (account_id, id);
CREATE TABLE brand (
  id integer primary key,
  account_id integer not null,
  name text not null
);
CREATE TABLE canned_reply (
  id integer primary key,
  account_id integer not null,
  name text not null,
  text text not null,
  created_at integer not null
);
CREATE UNIQUE INDEX canned_reply_name on canned_reply (account_id, name);
CREATE TABLE capture_piece (
  id integer primary key,
  account_id integer not null,
  capture_id integer not null,
  place text not null,
  lines text not null
);
CREATE INDEX capture_piece_capture on capture_piece (capture_id, id);
CREATE TABLE carrier (
  account_id integer not null,
  name text not null,
  settings text not null,
  created_at integer not null,
  changed_at integer not null,
  primary key (account_id, name)
) without rowid;
CREATE TABLE carrier_habit (
  carrier text not null primary key,
  form text not null,
  fixed integer not null,
  loose integer not null,
  leaning text not null,
  votes integer not null
);
CREATE TABLE carrier_pause (
  account_id integer not null,
  carrier text not null,
  bind text not null,
  paused_at integer not null,
  primary key (account_id, carrier, bind)
) without rowid;
CREATE TABLE carrier_report (
  carrier text primary key,
  account_id integer not null,
  holder integer not null,
  report text not null
);
CREATE TABLE code (
  id integer primary key,
  account_id integer not null,
  name text not null,
  rule text not null,
  created_at integer not null,
  changed_at integer not null
);
CREATE UNIQUE INDEX code_name on code (account_id, name);
CREATE TABLE code_book (
  account_id integer primary key,
  version integer not null
);
CREATE TABLE code_call (
  id integer primary key,
  account_id integer not null,
  message_id integer not null,
  code_id integer not null,
  url text not null,
  endpoint text not null,
  replies text not null,
  status text not null,
  attempts integer not null,
  created_at integer not null,
  next_at integer,
  said text,
  finished_at integer,
  note text not null
);
CREATE INDEX code_call_finished on code_call (finished_at) where finished_at is not null;
CREATE INDEX code_call_message on code_call (message_id);
CREATE INDEX code_call_waiting on code_call (endpoint, next_at, id) where next_at is not null;
CREATE TABLE consent_event (
  id integer primary key,
  account_id integer not null,
  brand_id integer not null,
  number text not null,
  action text not null,
  reason text not null,
  occurred_at integer not null
);
CREATE INDEX consent_event_number on consent_event (account_id, number);
CREATE TABLE contact (
  id integer primary key,
  account_id integer not null,
  name text not null,
  fields text not null,
  tags text not null,
  notes text not null,
  created_at integer not null,
  changed_at integer not null
);
CREATE INDEX contact_account on contact (account_id, id);
CREATE TABLE contact_number (
  account_id integer not null,
  number text not null,
  contact_id integer not null,
  primary key (account_id, number)
) without rowid;
CREATE INDEX contact_number_of on contact_number (contact_id);
CREATE TABLE conversation (
  id integer primary key,
  account_id integer not null,
  sender text not null,
  contact_id integer not null,
  number text not null,
  status text not null,
  snoozed_until integer,
  assignee text,
  labels text not null,
  unread integer not null,
  last_id integer not null,
  created_at integer not null,
  event_count integer not null
);
CREATE INDEX conversation_assignee on conversation (account_id, assignee, last_id) where assignee is not null;
CREATE UNIQUE INDEX conversation_pair on conversation (account_id, contact_id, sender);
CREATE INDEX conversation_recent on conversation (account_id, last_id);
CREATE INDEX conversation_snoozed on conversation (snoozed_until) where snoozed_until is not null;
CREATE INDEX conversation_status on conversation (account_id, status, last_id);
CREATE TABLE conversation_note (
  id integer primary key,
  account_id integer not null,
  conversation_id integer not null,
  author text not null,
  text text not null,
  created_at integer not null
, changed_at integer);
CREATE INDEX conversation_note_of on conversation_note (conversation_id, id);
CREATE TABLE email_day (
  account_id integer primary key,
  day integer not null,
  sent integer not null
);
CREATE TABLE esme (
  id integer primary key,
  account_id integer not null,
  name text not null,
  system_id text not null,
  password blob not null,
  created_at integer not null,
  closed_at integer,
  last_bound_at integer,
  old_password blob,
  old_until integer,
  networks text,
  bind_types text,
  max_binds integer not null,
  "window" integer not null,
  rate real,
  daily_quota integer,
  monthly_quota integer,
  tls integer not null,
  certificate text,
  alphabet text not null,
  category text not null,
  senders text,
  interface_version text not null,
  message_id_form text not null,
  receipt_format text not null,
  receipt_id_form text,
  inbound text,
  short_ids integer not null default 0
, receipt_pdu text not null default 'deliver_sm', receipt_seconds integer not null default 0, receipt_text integer not null default 1, concatenation text not null default 'udh', queue_most integer not null default 100000, queue_hours integer not null default 72);
CREATE INDEX esme_account on esme (account_id, id);
CREATE UNIQUE INDEX esme_system_id on esme (system_id) where closed_at is null;
CREATE TABLE esme_cursor (
  id integer primary key,
  position integer not null
);
CREATE TABLE esme_outbox (
  id integer primary key,
  account_id integer not null,
  esme_id integer not null,
  kind text not null,
  message_id integer not null,
  sequence integer not null,
  part integer not null,
  parts integer not null,
  form text not null,
  lane integer not null,
  status text not null,
  attempts integer not null,
  created_at integer not null,
  began_at integer not null,
  next_at integer,
  finished_at integer,
  bind text,
  answer integer,
  reason text
);
CREATE INDEX esme_outbox_dead on esme_outbox (esme_id, id) where status = 'dead';
CREATE INDEX esme_outbox_lane on esme_outbox (esme_id, lane, id) where next_at is not null;
CREATE INDEX esme_outbox_message on esme_outbox (message_id);
CREATE INDEX esme_outbox_waiting on esme_outbox (esme_id, id) where next_at is not null;
CREATE TABLE esme_session (
  id integer primary key,
  account_id integer not null,
  esme_id integer not null,
  holder integer not null,
  place text not null,
  bind_type text not null,
  address text not null,
  interface_version integer not null,
  secure integer not null,
  bound_at integer not null
);
CREATE INDEX esme_session_esme on esme_session (esme_id, id);
CREATE INDEX esme_session_holder on esme_session (holder);
CREATE TABLE idempotency (
  account_id integer not null,
  key text not null,
  digest blob not null,
  answer blob not null,
  expires_at integer not null,
  primary key (account_id, key)
);
CREATE INDEX idempotency_expires on idempotency (expires_at);
CREATE TABLE inbound (
  id integer primary key,
  account_id integer not null,
  message_id integer,
  carrier text not null,
  bind text not null,
  session text not null,
  sender text not null,
  recipient text not null,
  digest text not null,
  octets blob not null,
  udh blob not null,
  data_coding integer not null,
  text text not null,
  encoding text not null,
  reference integer not null,
  part integer not null,
  parts integer not null,
  received_at integer not null
);
CREATE INDEX inbound_digest on inbound (digest);
CREATE INDEX inbound_message on inbound (message_id);
CREATE INDEX inbound_parts on inbound (sender, recipient, reference, received_at) where parts > 1;
CREATE TABLE lease (
  name text primary key,
  fence integer not null
, holder integer not null default 0, until integer not null default 0);
CREATE TABLE message (
  id integer primary key,
  account_id integer not null,
  brand_id integer not null default 1,
  direction text not null,
  status text not null,
  category text not null,
  recipient text not null,
  sender text not null,
  text text,
  encoding text not null,
  segments integer not null,
  reference integer not null,
  created_at integer not null,
  expires_at integer not null,
  send_at integer,
  carrier text,
  client_ref text,
  tags text,
  metadata text,
  error text,
  segments_delivered integer not null default 0,
  sent_at integer,
  finished_at integer,
  event_count integer not null
, prepared text, in_reply_to integer);
CREATE INDEX message_account on message (account_id, id);
CREATE INDEX message_client_ref on message (account_id, client_ref, id) where client_ref is not null;
CREATE INDEX message_from_handset on message (account_id, sender, id) where direction = 'mo';
CREATE INDEX message_heard on message (account_id, id) where direction = 'mo';
CREATE INDEX message_in_reply_to on message (account_id, in_reply_to) where in_reply_to is not null;
CREATE INDEX message_recipient on message (recipient, account_id, id);
CREATE INDEX message_sent on message (expires_at) where status = 'sent';
CREATE INDEX message_status on message (account_id, status, id)
  where status = 'scheduled' or status = 'undelivered' or status = 'failed' or status = 'expired' or status = 'rejected'
    or status = 'canceled' or status = 'unknown';
CREATE TABLE message_callback (
  message_id integer primary key,
  account_id integer not null,
  url text not null,
  events text not null
);
CREATE INDEX message_callback_wide on message_callback (message_id) where events <> '[]';
CREATE TABLE message_event (
  message_id integer not null,
  sequence integer not null,
  account_id integer not null,
  type text not null,
  occurred_at integer not null,
  data text,
  primary key (message_id, sequence)
);
CREATE VIRTUAL TABLE message_index using fts5(words, content='', contentless_delete=1, detail=none, tokenize='ascii');
CREATE TABLE 'message_index_config'(k PRIMARY KEY, v) WITHOUT ROWID;
CREATE TABLE 'message_index_data'(id INTEGER PRIMARY KEY, block BLOB);
CREATE TABLE 'message_index_docsize'(id INTEGER PRIMARY KEY, sz BLOB, origin INTEGER);
CREATE TABLE 'message_index_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) WITHOUT ROWID;
CREATE TRIGGER message_words_gone after delete on message_words begin -- sqlite
  delete from message_index where rowid = old.message_id; -- sqlite
end;
CREATE TRIGGER message_words_told after insert on message_words begin -- sqlite
  insert into message_index (rowid, words) values (new.message_id, new.words); -- sqlite
end;
CREATE TABLE message_words (
  message_id integer primary key,
  account_id integer not null,
  words text not null
);
CREATE TABLE person (
  id integer primary key,
  account_id integer not null,
  email text not null,
  name text not null,
  role text not null,
  created_at integer not null,
  password text,
  disabled_at integer,
  seen_at integer,
  link blob,
  link_until integer,
  factor blob,
  factor_wanted blob,
  factor_step integer not null,
  factor_required integer not null,
  issuer text,
  subject text
);
CREATE INDEX person_account on person (account_id, id);
CREATE UNIQUE INDEX person_email on person (email);
CREATE UNIQUE INDEX person_link on person (link) where link is not null;
CREATE UNIQUE INDEX person_subject on person (issuer, subject) where subject is not null;
CREATE TABLE person_session (
  id integer primary key,
  account_id integer not null,
  user_id integer not null,
  digest blob not null,
  created_at integer not null,
  seen_at integer not null,
  ends_at integer not null,
  address text not null,
  agent text not null,
  method text not null
);
CREATE UNIQUE INDEX person_session_digest on person_session (digest);
CREATE INDEX person_session_user on person_session (user_id, id);
CREATE TABLE queue (
  message_id integer primary key,
  account_id integer not null,
  rank integer not null,
  due_at integer not null,
  expires_at integer not null
, carrier text not null default '');
CREATE INDEX queue_due on queue (due_at, rank, message_id);
CREATE TABLE rate_use (
  owner integer primary key,
  account_id integer not null,
  full_at integer not null
);
CREATE INDEX rate_use_full on rate_use (full_at);
CREATE TABLE receipt (
  id integer primary key,
  carrier text not null,
  bind text not null,
  carrier_id text not null,
  sender text not null,
  state text not null,
  status text not null,
  error_code text not null,
  raw blob not null,
  received_at integer not null,
  attempt_id integer,
  message_id integer,
  tries integer not null,
  retry_at integer
, other_id text not null default '', error text not null default '', form text not null default '');
CREATE INDEX receipt_message on receipt (message_id) where message_id is not null;
CREATE INDEX receipt_parked on receipt (retry_at) where retry_at is not null;
CREATE INDEX receipt_unmatched on receipt (id) where attempt_id is null;
CREATE TABLE recovery_code (
  user_id integer not null,
  account_id integer not null,
  digest text not null,
  primary key (user_id, digest)
) without rowid;
CREATE TABLE reply_pace (
  account_id integer not null,
  number text not null,
  sender text not null,
  minute_at integer not null,
  minute integer not null,
  day_at integer not null,
  day integer not null,
  said text not null,
  primary key (account_id, number, sender)
) without rowid;
CREATE INDEX reply_pace_day on reply_pace (day_at);
CREATE TABLE schema_migration (
  name text primary key,
  applied_at integer not null
);
CREATE TABLE sender (
  account_id integer not null,
  address text not null,
  brand_id integer not null,
  is_default integer not null default 0, label text not null default '', inbox_url text, inbox_replies text not null default 'json', unknown_reply text,
  primary key (account_id, address)
);
CREATE INDEX sender_address on sender (address);
CREATE TABLE setup_code (
  digest text primary key,
  account_id integer not null,
  created_at integer not null
) without rowid;
CREATE TABLE sign_in_wait (
  name text primary key,
  account_id integer not null,
  failures integer not null,
  failed_at integer not null,
  free_at integer not null
) without rowid;
CREATE INDEX sign_in_wait_age on sign_in_wait (failed_at);
CREATE TABLE submission (
  message_id integer primary key,
  account_id integer not null,
  esme_id integer not null,
  response_id text not null,
  service_type text not null,
  source_addr_ton integer not null,
  source_addr_npi integer not null,
  source_addr text not null,
  dest_addr_ton integer not null,
  dest_addr_npi integer not null,
  destination_addr text not null,
  registered_delivery integer not null,
  data_coding integer not null,
  user_message_reference integer
);
CREATE INDEX submission_response on submission (esme_id, response_id);
CREATE TABLE suppression (
  account_id integer not null,
  brand_id integer not null,
  number text not null,
  scope text not null,
  reason text not null,
  created_at integer not null,
  primary key (account_id, number, brand_id, scope)
);
CREATE TABLE traffic (
  account_id integer not null,
  step integer not null,
  start integer not null,
  carrier text not null,
  part integer not null,
  accepted integer not null,
  sent integer not null,
  delivered integer not null,
  undelivered integer not null,
  failed integer not null,
  expired integer not null,
  rejected integer not null,
  canceled integer not null,
  unknown integer not null,
  received integer not null,
  primary key (account_id, step, start, carrier, part)
) without rowid;
CREATE INDEX traffic_start on traffic (step, start);
CREATE TABLE usage (
  owner integer not null,
  period text not null,
  messages integer not null,
  primary key (owner, period)
);
CREATE INDEX usage_period on usage (period);
CREATE TABLE webhook (
  id integer primary key,
  account_id integer not null,
  url text not null,
  events text not null,
  ordered integer not null,
  batch integer not null,
  enabled integer not null,
  disabled_reason text,
  description text not null,
  created_at integer not null,
  since integer not null
, replies text not null default 'json');
CREATE INDEX webhook_account on webhook (account_id, id);
CREATE TABLE webhook_attempt (
  delivery_id integer not null,
  number integer not null,
  at integer not null,
  took_ms integer not null,
  outcome text not null,
  status_code integer,
  digest text not null,
  octets integer not null,
  answer text not null,
  detail text not null,
  primary key (delivery_id, number)
) without rowid;
CREATE TABLE webhook_cursor (
  id integer primary key,
  position integer not null,
  version integer not null
, last_delivery integer not null default 0);
CREATE TABLE webhook_delivery (
  id integer primary key,
  account_id integer not null,
  webhook_id integer,
  endpoint text not null,
  url text,
  message_id integer not null,
  sequence integer not null,
  type text not null,
  occurred_at integer not null,
  status text not null,
  attempts integer not null,
  created_at integer not null,
  began_at integer not null,
  next_at integer,
  finished_at integer,
  reply_id integer
);
CREATE INDEX webhook_delivery_account on webhook_delivery (account_id, id);
CREATE INDEX webhook_delivery_message on webhook_delivery (message_id);
CREATE INDEX webhook_delivery_waiting on webhook_delivery (endpoint, next_at, id) where next_at is not null;
CREATE INDEX webhook_delivery_webhook on webhook_delivery (webhook_id, id) where webhook_id is not null;
CREATE TABLE webhook_secret (
  account_id integer not null,
  webhook_id integer not null,
  octets blob not null,
  created_at integer not null,
  ends_at integer
);
CREATE INDEX webhook_secret_of on webhook_secret (webhook_id, account_id);
CREATE VIEW webhook_waiting as select * from webhook_delivery where finished_at is null;
