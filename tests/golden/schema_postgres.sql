create table account (
  id bigint not null,
  name text collate "C" not null,
  created_at bigint not null,
  closed_at bigint,
  rate double precision,
  daily_quota bigint,
  monthly_quota bigint,
  default_region text collate "C",
  smart_encoding text collate "C",
  sender_smart_encoding text collate "C"
);
CREATE UNIQUE INDEX account_pkey ON public.account USING btree (id);
create table api_key (
  id bigint not null,
  account_id bigint not null,
  name text collate "C" not null,
  scope text collate "C" not null,
  digest bytea not null,
  created_at bigint not null,
  senders text collate "C",
  networks text collate "C",
  expires_at bigint,
  revoked_at bigint,
  last_used_at bigint,
  old_digest bytea,
  old_until bigint,
  rate double precision,
  daily_quota bigint,
  monthly_quota bigint
);
CREATE INDEX api_key_account ON public.api_key USING btree (account_id, id);
CREATE UNIQUE INDEX api_key_pkey ON public.api_key USING btree (id);
create table attempt (
  id bigint not null,
  message_id bigint not null,
  account_id bigint not null,
  part bigint not null,
  carrier text collate "C" not null,
  bind text collate "C" not null,
  fence bigint not null,
  started_at bigint not null,
  outcome text collate "C",
  carrier_id text collate "C",
  carrier_code text collate "C",
  detail text collate "C",
  answered_at bigint,
  receipt text collate "C",
  receipt_code text collate "C",
  receipt_error text collate "C"
) with (fillfactor=60);
CREATE INDEX attempt_carrier_key ON public.attempt USING btree (ltrim(lower(TRIM(BOTH FROM carrier_id)), '0'::text), carrier) WHERE (carrier_id IS NOT NULL);
CREATE INDEX attempt_in_doubt ON public.attempt USING btree (carrier) WHERE (outcome = 'in_doubt'::text);
CREATE INDEX attempt_left_open ON public.attempt USING btree (id) WHERE (outcome IS NULL);
CREATE INDEX attempt_message ON public.attempt USING btree (message_id);
CREATE UNIQUE INDEX attempt_pkey ON public.attempt USING btree (id);
create table audit_entry (
  id bigint not null,
  account_id bigint not null,
  occurred_at bigint not null,
  action text collate "C" not null,
  actor_kind text collate "C" not null,
  actor_id bigint not null,
  actor_name text collate "C" not null,
  address text collate "C" not null,
  subject_kind text collate "C" not null,
  subject_id bigint not null,
  subject_name text collate "C" not null,
  detail text collate "C"
);
CREATE INDEX audit_entry_account ON public.audit_entry USING btree (account_id, id);
CREATE UNIQUE INDEX audit_entry_pkey ON public.audit_entry USING btree (id);
create table awaiting_receipt (
  message_id bigint not null,
  expires_at bigint not null
) with (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=5000, autovacuum_vacuum_insert_threshold=-1, autovacuum_analyze_scale_factor=0, autovacuum_analyze_threshold=50000, autovacuum_vacuum_cost_delay=0);
CREATE INDEX awaiting_receipt_expires ON public.awaiting_receipt USING btree (expires_at);
CREATE UNIQUE INDEX awaiting_receipt_pkey ON public.awaiting_receipt USING btree (message_id);
create table brand (
  id bigint not null,
  account_id bigint not null,
  name text collate "C" not null
);
CREATE UNIQUE INDEX brand_pkey ON public.brand USING btree (id);
create table canned_reply (
  id bigint not null,
  account_id bigint not null,
  name text collate "C" not null,
  text text collate "C" not null,
  created_at bigint not null
);
CREATE UNIQUE INDEX canned_reply_name ON public.canned_reply USING btree (account_id, name);
CREATE UNIQUE INDEX canned_reply_pkey ON public.canned_reply USING btree (id);
create table capture_piece (
  id bigint not null,
  account_id bigint not null,
  capture_id bigint not null,
  place text collate "C" not null,
  lines text collate "C" not null
);
CREATE INDEX capture_piece_capture ON public.capture_piece USING btree (capture_id, id);
CREATE UNIQUE INDEX capture_piece_pkey ON public.capture_piece USING btree (id);
create table carrier (
  account_id bigint not null,
  name text collate "C" not null,
  settings text collate "C" not null,
  created_at bigint not null,
  changed_at bigint not null
);
CREATE UNIQUE INDEX carrier_pkey ON public.carrier USING btree (account_id, name);
create table carrier_habit (
  carrier text collate "C" not null,
  form text collate "C" not null,
  fixed bigint not null,
  loose bigint not null,
  leaning text collate "C" not null,
  votes bigint not null
);
CREATE UNIQUE INDEX carrier_habit_pkey ON public.carrier_habit USING btree (carrier);
create table carrier_pause (
  account_id bigint not null,
  carrier text collate "C" not null,
  bind text collate "C" not null,
  paused_at bigint not null
);
CREATE UNIQUE INDEX carrier_pause_pkey ON public.carrier_pause USING btree (account_id, carrier, bind);
create table carrier_report (
  carrier text collate "C" not null,
  account_id bigint not null,
  holder bigint not null,
  report text collate "C" not null
);
CREATE UNIQUE INDEX carrier_report_pkey ON public.carrier_report USING btree (carrier);
create table code (
  id bigint not null,
  account_id bigint not null,
  name text collate "C" not null,
  rule text collate "C" not null,
  created_at bigint not null,
  changed_at bigint not null
);
CREATE UNIQUE INDEX code_name ON public.code USING btree (account_id, name);
CREATE UNIQUE INDEX code_pkey ON public.code USING btree (id);
create table code_book (
  account_id bigint not null,
  version bigint not null
);
CREATE UNIQUE INDEX code_book_pkey ON public.code_book USING btree (account_id);
create table code_call (
  id bigint not null,
  account_id bigint not null,
  message_id bigint not null,
  code_id bigint not null,
  url text collate "C" not null,
  endpoint text collate "C" not null,
  replies text collate "C" not null,
  status text collate "C" not null,
  attempts bigint not null,
  created_at bigint not null,
  next_at bigint,
  said text collate "C",
  finished_at bigint,
  note text collate "C" not null
);
CREATE INDEX code_call_finished ON public.code_call USING btree (finished_at) WHERE (finished_at IS NOT NULL);
CREATE INDEX code_call_message ON public.code_call USING btree (message_id);
CREATE UNIQUE INDEX code_call_pkey ON public.code_call USING btree (id);
CREATE INDEX code_call_waiting ON public.code_call USING btree (endpoint, next_at, id) WHERE (next_at IS NOT NULL);
create table consent_event (
  id bigint generated always as identity not null,
  account_id bigint not null,
  brand_id bigint not null,
  number text collate "C" not null,
  action text collate "C" not null,
  reason text collate "C" not null,
  occurred_at bigint not null
);
CREATE INDEX consent_event_number ON public.consent_event USING btree (account_id, number);
CREATE UNIQUE INDEX consent_event_pkey ON public.consent_event USING btree (id);
create table contact (
  id bigint not null,
  account_id bigint not null,
  name text collate "C" not null,
  fields text collate "C" not null,
  tags text collate "C" not null,
  notes text collate "C" not null,
  created_at bigint not null,
  changed_at bigint not null
);
CREATE INDEX contact_account ON public.contact USING btree (account_id, id);
CREATE UNIQUE INDEX contact_pkey ON public.contact USING btree (id);
create table contact_number (
  account_id bigint not null,
  number text collate "C" not null,
  contact_id bigint not null
);
CREATE INDEX contact_number_of ON public.contact_number USING btree (contact_id);
CREATE UNIQUE INDEX contact_number_pkey ON public.contact_number USING btree (account_id, number);
create table conversation (
  id bigint not null,
  account_id bigint not null,
  sender text collate "C" not null,
  contact_id bigint not null,
  number text collate "C" not null,
  status text collate "C" not null,
  snoozed_until bigint,
  assignee text collate "C",
  labels text collate "C" not null,
  unread bigint not null,
  last_id bigint not null,
  created_at bigint not null,
  event_count bigint not null
);
CREATE INDEX conversation_assignee ON public.conversation USING btree (account_id, assignee, last_id) WHERE (assignee IS NOT NULL);
CREATE UNIQUE INDEX conversation_pair ON public.conversation USING btree (account_id, contact_id, sender);
CREATE UNIQUE INDEX conversation_pkey ON public.conversation USING btree (id);
CREATE INDEX conversation_recent ON public.conversation USING btree (account_id, last_id);
CREATE INDEX conversation_snoozed ON public.conversation USING btree (snoozed_until) WHERE (snoozed_until IS NOT NULL);
CREATE INDEX conversation_status ON public.conversation USING btree (account_id, status, last_id);
create table conversation_note (
  id bigint not null,
  account_id bigint not null,
  conversation_id bigint not null,
  author text collate "C" not null,
  text text collate "C" not null,
  created_at bigint not null,
  changed_at bigint
);
CREATE INDEX conversation_note_of ON public.conversation_note USING btree (conversation_id, id);
CREATE UNIQUE INDEX conversation_note_pkey ON public.conversation_note USING btree (id);
create table email_day (
  account_id bigint not null,
  day bigint not null,
  sent bigint not null
);
CREATE UNIQUE INDEX email_day_pkey ON public.email_day USING btree (account_id);
create table esme (
  id bigint not null,
  account_id bigint not null,
  name text collate "C" not null,
  system_id text collate "C" not null,
  password bytea not null,
  created_at bigint not null,
  closed_at bigint,
  last_bound_at bigint,
  old_password bytea,
  old_until bigint,
  networks text collate "C",
  bind_types text collate "C",
  max_binds bigint not null,
  "window" bigint not null,
  rate double precision,
  daily_quota bigint,
  monthly_quota bigint,
  tls bigint not null,
  certificate text collate "C",
  alphabet text collate "C" not null,
  category text collate "C" not null,
  senders text collate "C",
  interface_version text collate "C" not null,
  message_id_form text collate "C" not null,
  receipt_format text collate "C" not null,
  receipt_id_form text collate "C",
  inbound text collate "C",
  short_ids bigint default 0 not null,
  receipt_pdu text collate "C" default 'deliver_sm'::text not null,
  receipt_seconds bigint default 0 not null,
  receipt_text bigint default 1 not null,
  concatenation text collate "C" default 'udh'::text not null,
  queue_most bigint default 100000 not null,
  queue_hours bigint default 72 not null
);
CREATE INDEX esme_account ON public.esme USING btree (account_id, id);
CREATE UNIQUE INDEX esme_pkey ON public.esme USING btree (id);
CREATE UNIQUE INDEX esme_system_id ON public.esme USING btree (system_id) WHERE (closed_at IS NULL);
create table esme_cursor (
  id bigint not null,
  "position" bigint not null
);
CREATE UNIQUE INDEX esme_cursor_pkey ON public.esme_cursor USING btree (id);
create table esme_outbox (
  id bigint not null,
  account_id bigint not null,
  esme_id bigint not null,
  kind text collate "C" not null,
  message_id bigint not null,
  sequence bigint not null,
  part bigint not null,
  parts bigint not null,
  form text collate "C" not null,
  lane bigint not null,
  status text collate "C" not null,
  attempts bigint not null,
  created_at bigint not null,
  began_at bigint not null,
  next_at bigint,
  finished_at bigint,
  bind text collate "C",
  answer bigint,
  reason text collate "C"
);
CREATE INDEX esme_outbox_dead ON public.esme_outbox USING btree (esme_id, id) WHERE (status = 'dead'::text);
CREATE INDEX esme_outbox_lane ON public.esme_outbox USING btree (esme_id, lane, id) WHERE (next_at IS NOT NULL);
CREATE INDEX esme_outbox_message ON public.esme_outbox USING btree (message_id);
CREATE UNIQUE INDEX esme_outbox_pkey ON public.esme_outbox USING btree (id);
CREATE INDEX esme_outbox_waiting ON public.esme_outbox USING btree (esme_id, id) WHERE (next_at IS NOT NULL);
create table esme_session (
  id bigint not null,
  account_id bigint not null,
  esme_id bigint not null,
  holder bigint not null,
  place text collate "C" not null,
  bind_type text collate "C" not null,
  address text collate "C" not null,
  interface_version bigint not null,
  secure bigint not null,
  bound_at bigint not null
);
CREATE INDEX esme_session_esme ON public.esme_session USING btree (esme_id, id);
CREATE INDEX esme_session_holder ON public.esme_session USING btree (holder);
CREATE UNIQUE INDEX esme_session_pkey ON public.esme_session USING btree (id);
create table idempotency (
  account_id bigint not null,
  key text collate "C" not null,
  digest bytea not null,
  answer bytea not null,
  expires_at bigint not null
);
CREATE INDEX idempotency_expires ON public.idempotency USING btree (expires_at);
CREATE UNIQUE INDEX idempotency_pkey ON public.idempotency USING btree (account_id, key);
create table inbound (
  id bigint not null,
  account_id bigint not null,
  message_id bigint,
  carrier text collate "C" not null,
  bind text collate "C" not null,
  session text collate "C" not null,
  sender text collate "C" not null,
  recipient text collate "C" not null,
  digest text collate "C" not null,
  octets bytea not null,
  udh bytea not null,
  data_coding bigint not null,
  text text collate "C" not null,
  encoding text collate "C" not null,
  reference bigint not null,
  part bigint not null,
  parts bigint not null,
  received_at bigint not null
);
CREATE INDEX inbound_digest ON public.inbound USING btree (digest);
CREATE INDEX inbound_message ON public.inbound USING btree (message_id);
CREATE INDEX inbound_parts ON public.inbound USING btree (sender, recipient, reference, received_at) WHERE (parts > 1);
CREATE UNIQUE INDEX inbound_pkey ON public.inbound USING btree (id);
create table kept_days (
  kept text collate "C" not null,
  bound bigint not null
);
CREATE UNIQUE INDEX kept_days_pkey ON public.kept_days USING btree (kept);
create table lease (
  name text collate "C" not null,
  fence bigint not null,
  holder bigint default 0 not null,
  until bigint default 0 not null
);
CREATE UNIQUE INDEX lease_pkey ON public.lease USING btree (name);
create table message (
  id bigint not null,
  account_id bigint not null,
  brand_id bigint default 1 not null,
  direction text collate "C" not null,
  status text collate "C" not null,
  category text collate "C" not null,
  recipient text collate "C" not null,
  sender text collate "C" not null,
  text text collate "C",
  encoding text collate "C" not null,
  segments bigint not null,
  reference bigint not null,
  created_at bigint not null,
  expires_at bigint not null,
  send_at bigint,
  carrier text collate "C",
  client_ref text collate "C",
  tags text collate "C",
  metadata text collate "C",
  error text collate "C",
  segments_delivered bigint default 0 not null,
  sent_at bigint,
  finished_at bigint,
  event_count bigint not null,
  prepared text collate "C",
  in_reply_to bigint
) with (fillfactor=45);
CREATE INDEX message_account ON public.message USING btree (account_id, id);
CREATE INDEX message_client_ref ON public.message USING btree (account_id, client_ref, id) WHERE (client_ref IS NOT NULL);
CREATE INDEX message_from_handset ON public.message USING btree (account_id, sender, id) WHERE (direction = 'mo'::text);
CREATE INDEX message_heard ON public.message USING btree (account_id, id) WHERE (direction = 'mo'::text);
CREATE INDEX message_in_reply_to ON public.message USING btree (account_id, in_reply_to) WHERE (in_reply_to IS NOT NULL);
CREATE UNIQUE INDEX message_pkey ON public.message USING btree (id);
CREATE INDEX message_recipient ON public.message USING btree (recipient, account_id, id);
CREATE INDEX message_status ON public.message USING btree (account_id, status, id) WHERE ((status = 'scheduled'::text) OR (status = 'undelivered'::text) OR (status = 'failed'::text) OR (status = 'expired'::text) OR (status = 'rejected'::text) OR (status = 'canceled'::text) OR (status = 'unknown'::text));
create table message_callback (
  message_id bigint not null,
  account_id bigint not null,
  url text collate "C" not null,
  events text collate "C" not null
);
CREATE UNIQUE INDEX message_callback_pkey ON public.message_callback USING btree (message_id);
CREATE INDEX message_callback_wide ON public.message_callback USING btree (message_id) WHERE (events <> '[]'::text);
create table message_event (
  message_id bigint not null,
  sequence bigint not null,
  account_id bigint not null,
  type text collate "C" not null,
  occurred_at bigint not null,
  data text collate "C",
  rowid bigint default nextval('message_event_position'::regclass) not null
) partition by range (rowid);
CREATE UNIQUE INDEX message_event_rowid_key ON ONLY public.message_event USING btree (rowid);
create table message_event_before (
  message_id bigint not null,
  sequence bigint not null,
  account_id bigint not null,
  type text collate "C" not null,
  occurred_at bigint not null,
  data text collate "C",
  rowid bigint not null
) for values from (minvalue) to ('68719476736');
CREATE UNIQUE INDEX message_event_before_pkey ON public.message_event_before USING btree (message_id, sequence);
CREATE UNIQUE INDEX message_event_before_rowid_key ON public.message_event_before USING btree (rowid);
create table message_event_default (
  message_id bigint not null,
  sequence bigint not null,
  account_id bigint not null,
  type text collate "C" not null,
  occurred_at bigint not null,
  data text collate "C",
  rowid bigint default nextval('message_event_position'::regclass) not null
) default;
CREATE UNIQUE INDEX message_event_default_message_id_sequence_idx ON public.message_event_default USING btree (message_id, sequence);
CREATE UNIQUE INDEX message_event_default_rowid_key ON public.message_event_default USING btree (rowid);
create table message_words (
  message_id bigint not null,
  account_id bigint not null,
  words text collate "C" not null,
  found tsvector default array_to_tsvector(string_to_array(words, ' '::text))
);
CREATE INDEX message_words_account ON public.message_words USING btree (account_id, message_id);
CREATE INDEX message_words_found ON public.message_words USING gin (found);
CREATE UNIQUE INDEX message_words_pkey ON public.message_words USING btree (message_id);
create table node (
  number bigint not null,
  writer bigint not null,
  role text not null,
  place text not null,
  home text not null,
  started_at bigint not null,
  heard_at bigint not null
) with (fillfactor=20);
CREATE UNIQUE INDEX node_pkey ON public.node USING btree (number);
create table person (
  id bigint not null,
  account_id bigint not null,
  email text collate "C" not null,
  name text collate "C" not null,
  role text collate "C" not null,
  created_at bigint not null,
  password text collate "C",
  disabled_at bigint,
  seen_at bigint,
  link bytea,
  link_until bigint,
  factor bytea,
  factor_wanted bytea,
  factor_step bigint not null,
  factor_required bigint not null,
  issuer text collate "C",
  subject text collate "C"
);
CREATE INDEX person_account ON public.person USING btree (account_id, id);
CREATE UNIQUE INDEX person_email ON public.person USING btree (email);
CREATE UNIQUE INDEX person_link ON public.person USING btree (link) WHERE (link IS NOT NULL);
CREATE UNIQUE INDEX person_pkey ON public.person USING btree (id);
CREATE UNIQUE INDEX person_subject ON public.person USING btree (issuer, subject) WHERE (subject IS NOT NULL);
create table person_session (
  id bigint not null,
  account_id bigint not null,
  user_id bigint not null,
  digest bytea not null,
  created_at bigint not null,
  seen_at bigint not null,
  ends_at bigint not null,
  address text collate "C" not null,
  agent text collate "C" not null,
  method text collate "C" not null
);
CREATE UNIQUE INDEX person_session_digest ON public.person_session USING btree (digest);
CREATE UNIQUE INDEX person_session_pkey ON public.person_session USING btree (id);
CREATE INDEX person_session_user ON public.person_session USING btree (user_id, id);
create table queue (
  message_id bigint not null,
  account_id bigint not null,
  rank bigint not null,
  due_at bigint not null,
  expires_at bigint not null,
  carrier text collate "C" default ''::text not null
) with (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=5000, autovacuum_vacuum_insert_threshold=-1, autovacuum_analyze_scale_factor=0, autovacuum_analyze_threshold=50000, autovacuum_vacuum_cost_delay=0);
CREATE INDEX queue_due ON public.queue USING btree (carrier, due_at, rank, message_id);
CREATE UNIQUE INDEX queue_pkey ON public.queue USING btree (message_id);
create table rate_use (
  owner bigint not null,
  account_id bigint not null,
  full_at bigint not null
);
CREATE INDEX rate_use_full ON public.rate_use USING btree (full_at);
CREATE UNIQUE INDEX rate_use_pkey ON public.rate_use USING btree (owner);
create table receipt (
  id bigint not null,
  carrier text collate "C" not null,
  bind text collate "C" not null,
  carrier_id text collate "C" not null,
  sender text collate "C" not null,
  state text collate "C" not null,
  status text collate "C" not null,
  error_code text collate "C" not null,
  raw bytea not null,
  received_at bigint not null,
  attempt_id bigint,
  message_id bigint,
  tries bigint not null,
  retry_at bigint,
  other_id text collate "C" default ''::text not null,
  error text collate "C" default ''::text not null,
  form text collate "C" default ''::text not null
);
CREATE INDEX receipt_message ON public.receipt USING btree (message_id) WHERE (message_id IS NOT NULL);
CREATE INDEX receipt_parked ON public.receipt USING btree (retry_at) WHERE (retry_at IS NOT NULL);
CREATE UNIQUE INDEX receipt_pkey ON public.receipt USING btree (id);
CREATE INDEX receipt_unmatched ON public.receipt USING btree (id) WHERE (attempt_id IS NULL);
create table recovery_code (
  user_id bigint not null,
  account_id bigint not null,
  digest text collate "C" not null
);
CREATE UNIQUE INDEX recovery_code_pkey ON public.recovery_code USING btree (user_id, digest);
create table reply_pace (
  account_id bigint not null,
  number text collate "C" not null,
  sender text collate "C" not null,
  minute_at bigint not null,
  minute bigint not null,
  day_at bigint not null,
  day bigint not null,
  said text collate "C" not null
);
CREATE INDEX reply_pace_day ON public.reply_pace USING btree (day_at);
CREATE UNIQUE INDEX reply_pace_pkey ON public.reply_pace USING btree (account_id, number, sender);
create table schema_migration (
  name text collate "C" not null,
  applied_at bigint not null
);
CREATE UNIQUE INDEX schema_migration_pkey ON public.schema_migration USING btree (name);
create table sender (
  account_id bigint not null,
  address text collate "C" not null,
  brand_id bigint not null,
  is_default bigint default 0 not null,
  label text collate "C" default ''::text not null,
  inbox_url text collate "C",
  inbox_replies text collate "C" default 'json'::text not null,
  unknown_reply text collate "C"
);
CREATE INDEX sender_address ON public.sender USING btree (address);
CREATE UNIQUE INDEX sender_pkey ON public.sender USING btree (account_id, address);
create table setup_code (
  digest text collate "C" not null,
  account_id bigint not null,
  created_at bigint not null
);
CREATE UNIQUE INDEX setup_code_pkey ON public.setup_code USING btree (digest);
create table sign_in_wait (
  name text collate "C" not null,
  account_id bigint not null,
  failures bigint not null,
  failed_at bigint not null,
  free_at bigint not null
);
CREATE INDEX sign_in_wait_age ON public.sign_in_wait USING btree (failed_at);
CREATE UNIQUE INDEX sign_in_wait_pkey ON public.sign_in_wait USING btree (name);
create table store_commit (
  writer bigint not null,
  number bigint not null
) with (fillfactor=10);
CREATE UNIQUE INDEX store_commit_pkey ON public.store_commit USING btree (writer);
create table submission (
  message_id bigint not null,
  account_id bigint not null,
  esme_id bigint not null,
  response_id text collate "C" not null,
  service_type text collate "C" not null,
  source_addr_ton bigint not null,
  source_addr_npi bigint not null,
  source_addr text collate "C" not null,
  dest_addr_ton bigint not null,
  dest_addr_npi bigint not null,
  destination_addr text collate "C" not null,
  registered_delivery bigint not null,
  data_coding bigint not null,
  user_message_reference bigint
);
CREATE UNIQUE INDEX submission_pkey ON public.submission USING btree (message_id);
CREATE INDEX submission_response ON public.submission USING btree (esme_id, response_id);
create table suppression (
  account_id bigint not null,
  brand_id bigint not null,
  number text collate "C" not null,
  scope text collate "C" not null,
  reason text collate "C" not null,
  created_at bigint not null
);
CREATE UNIQUE INDEX suppression_pkey ON public.suppression USING btree (account_id, number, brand_id, scope);
create table traffic (
  account_id bigint not null,
  step bigint not null,
  start bigint not null,
  carrier text collate "C" not null,
  part bigint not null,
  accepted bigint not null,
  sent bigint not null,
  delivered bigint not null,
  undelivered bigint not null,
  failed bigint not null,
  expired bigint not null,
  rejected bigint not null,
  canceled bigint not null,
  unknown bigint not null,
  received bigint not null
) with (fillfactor=50);
CREATE UNIQUE INDEX traffic_pkey ON public.traffic USING btree (account_id, step, start, carrier, part);
CREATE INDEX traffic_start ON public.traffic USING btree (step, start);
create table usage (
  owner bigint not null,
  period text collate "C" not null,
  messages bigint not null
);
CREATE INDEX usage_period ON public.usage USING btree (period);
CREATE UNIQUE INDEX usage_pkey ON public.usage USING btree (owner, period);
create table webhook (
  id bigint not null,
  account_id bigint not null,
  url text collate "C" not null,
  events text collate "C" not null,
  ordered bigint not null,
  batch bigint not null,
  enabled bigint not null,
  disabled_reason text collate "C",
  description text collate "C" not null,
  created_at bigint not null,
  since bigint not null,
  replies text collate "C" default 'json'::text not null
);
CREATE INDEX webhook_account ON public.webhook USING btree (account_id, id);
CREATE UNIQUE INDEX webhook_pkey ON public.webhook USING btree (id);
create table webhook_attempt (
  delivery_id bigint not null,
  number bigint not null,
  at bigint not null,
  took_ms bigint not null,
  outcome text collate "C" not null,
  status_code bigint,
  digest text collate "C" not null,
  octets bigint not null,
  answer text collate "C" not null,
  detail text collate "C" not null
) partition by range (at);
create table webhook_attempt_before (
  delivery_id bigint not null,
  number bigint not null,
  at bigint not null,
  took_ms bigint not null,
  outcome text collate "C" not null,
  status_code bigint,
  digest text collate "C" not null,
  octets bigint not null,
  answer text collate "C" not null,
  detail text collate "C" not null
) for values from (minvalue) to ('1704153600000');
CREATE UNIQUE INDEX webhook_attempt_before_pkey ON public.webhook_attempt_before USING btree (delivery_id, number);
create table webhook_attempt_default (
  delivery_id bigint not null,
  number bigint not null,
  at bigint not null,
  took_ms bigint not null,
  outcome text collate "C" not null,
  status_code bigint,
  digest text collate "C" not null,
  octets bigint not null,
  answer text collate "C" not null,
  detail text collate "C" not null
) default;
CREATE UNIQUE INDEX webhook_attempt_default_delivery_id_number_idx ON public.webhook_attempt_default USING btree (delivery_id, number);
create table webhook_cursor (
  id bigint not null,
  "position" bigint not null,
  version bigint not null,
  last_delivery bigint default 0 not null
);
CREATE UNIQUE INDEX webhook_cursor_pkey ON public.webhook_cursor USING btree (id);
create table webhook_delivery (
  id bigint not null,
  account_id bigint not null,
  webhook_id bigint,
  endpoint text collate "C" not null,
  url text collate "C",
  message_id bigint not null,
  sequence bigint not null,
  type text collate "C" not null,
  occurred_at bigint not null,
  status text collate "C" not null,
  attempts bigint not null,
  created_at bigint not null,
  began_at bigint not null,
  next_at bigint,
  finished_at bigint,
  reply_id bigint
) partition by range (coalesce(finished_at, '4611686018427387904'::bigint));
CREATE INDEX webhook_delivery_account ON ONLY public.webhook_delivery USING btree (account_id, id);
CREATE INDEX webhook_delivery_message ON ONLY public.webhook_delivery USING btree (message_id);
CREATE INDEX webhook_delivery_webhook ON ONLY public.webhook_delivery USING btree (webhook_id, id) WHERE (webhook_id IS NOT NULL);
create table webhook_delivery_before (
  id bigint not null,
  account_id bigint not null,
  webhook_id bigint,
  endpoint text collate "C" not null,
  url text collate "C",
  message_id bigint not null,
  sequence bigint not null,
  type text collate "C" not null,
  occurred_at bigint not null,
  status text collate "C" not null,
  attempts bigint not null,
  created_at bigint not null,
  began_at bigint not null,
  next_at bigint,
  finished_at bigint,
  reply_id bigint
) for values from (minvalue) to ('1704153600000');
CREATE INDEX webhook_delivery_before_account_id_id_idx ON public.webhook_delivery_before USING btree (account_id, id);
CREATE UNIQUE INDEX webhook_delivery_before_id_idx ON public.webhook_delivery_before USING btree (id);
CREATE INDEX webhook_delivery_before_message_id_idx ON public.webhook_delivery_before USING btree (message_id);
CREATE INDEX webhook_delivery_before_webhook_id_id_idx ON public.webhook_delivery_before USING btree (webhook_id, id) WHERE (webhook_id IS NOT NULL);
create table webhook_delivery_default (
  id bigint not null,
  account_id bigint not null,
  webhook_id bigint,
  endpoint text collate "C" not null,
  url text collate "C",
  message_id bigint not null,
  sequence bigint not null,
  type text collate "C" not null,
  occurred_at bigint not null,
  status text collate "C" not null,
  attempts bigint not null,
  created_at bigint not null,
  began_at bigint not null,
  next_at bigint,
  finished_at bigint,
  reply_id bigint
) default;
CREATE INDEX webhook_delivery_default_account_id_id_idx ON public.webhook_delivery_default USING btree (account_id, id);
CREATE UNIQUE INDEX webhook_delivery_default_id_idx ON public.webhook_delivery_default USING btree (id);
CREATE INDEX webhook_delivery_default_message_id_idx ON public.webhook_delivery_default USING btree (message_id);
CREATE INDEX webhook_delivery_default_webhook_id_id_idx ON public.webhook_delivery_default USING btree (webhook_id, id) WHERE (webhook_id IS NOT NULL);
create table webhook_secret (
  account_id bigint not null,
  webhook_id bigint not null,
  octets bytea not null,
  created_at bigint not null,
  ends_at bigint,
  rowid bigint generated always as identity not null
);
CREATE INDEX webhook_secret_of ON public.webhook_secret USING btree (webhook_id, account_id);
create table webhook_waiting (
  id bigint not null,
  account_id bigint not null,
  webhook_id bigint,
  endpoint text collate "C" not null,
  url text collate "C",
  message_id bigint not null,
  sequence bigint not null,
  type text collate "C" not null,
  occurred_at bigint not null,
  status text collate "C" not null,
  attempts bigint not null,
  created_at bigint not null,
  began_at bigint not null,
  next_at bigint,
  finished_at bigint,
  reply_id bigint
) for values from ('4611686018427387904') to (maxvalue) with (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=5000, autovacuum_vacuum_insert_threshold=-1, autovacuum_analyze_scale_factor=0, autovacuum_analyze_threshold=50000, autovacuum_vacuum_cost_delay=0);
CREATE INDEX webhook_delivery_waiting ON public.webhook_waiting USING btree (endpoint, next_at, id) WHERE (next_at IS NOT NULL);
CREATE INDEX webhook_waiting_account_id_id_idx ON public.webhook_waiting USING btree (account_id, id);
CREATE UNIQUE INDEX webhook_waiting_id_idx ON public.webhook_waiting USING btree (id);
CREATE INDEX webhook_waiting_message_id_idx ON public.webhook_waiting USING btree (message_id);
CREATE INDEX webhook_waiting_webhook_id_id_idx ON public.webhook_waiting USING btree (webhook_id, id) WHERE (webhook_id IS NOT NULL);
