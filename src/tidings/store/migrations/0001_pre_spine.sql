-- The spine: accounts, messages with their queue, events, attempts and receipts, consent, inbound.
create table account (
  id integer primary key,
  name text not null,
  created_at integer not null
);
create table brand (
  id integer primary key,
  account_id integer not null,
  name text not null
);
create table sender (
  account_id integer not null,
  address text not null,
  brand_id integer not null,
  is_default integer not null default 0,
  primary key (account_id, address)
);
create index sender_address on sender (address);
create table api_key (
  id integer primary key,
  account_id integer not null,
  name text not null,
  scope text not null,
  digest blob not null,
  created_at integer not null
);
create table lease (
  carrier text primary key,
  fence integer not null
);

create table message (
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
);
create index message_account on message (account_id, id);
-- The recipient first: no other index begins with it, so what is asked for in its order is found by it whatever PostgreSQL
-- believes of the table. Statistics of a nearly empty one once made it read all messages of an account instead.
create index message_recipient on message (recipient, account_id, id);
create index message_client_ref on message (account_id, client_ref, id) where client_ref is not null;
create index message_sent on message (expires_at) where status = 'sent';

create table queue (
  message_id integer primary key,
  account_id integer not null,
  rank integer not null,
  due_at integer not null,
  expires_at integer not null
);
create index queue_due on queue (due_at, rank, message_id);

create table message_event (
  message_id integer not null,
  sequence integer not null,
  account_id integer not null,
  type text not null,
  occurred_at integer not null,
  data text,
  primary key (message_id, sequence)
);
-- postgres: alter table message_event add column rowid bigint generated always as identity unique;

create table attempt (
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
);
create index attempt_message on attempt (message_id);
create index attempt_carrier_id on attempt (carrier_id, carrier) where carrier_id is not null;
create index attempt_left_open on attempt (id) where outcome is null;

create table receipt (
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
);
create index receipt_message on receipt (message_id) where message_id is not null;
create index receipt_parked on receipt (retry_at) where retry_at is not null;
create index receipt_unmatched on receipt (id) where attempt_id is null;

create table suppression (
  account_id integer not null,
  brand_id integer not null,
  number text not null,
  scope text not null,
  reason text not null,
  created_at integer not null,
  primary key (account_id, number, brand_id, scope)
);
create table consent_event (
  id integer primary key,
  account_id integer not null,
  brand_id integer not null,
  number text not null,
  action text not null,
  reason text not null,
  occurred_at integer not null
);
-- postgres: alter table consent_event alter column id add generated always as identity;
create index consent_event_number on consent_event (account_id, number);

create table inbound (
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
create index inbound_digest on inbound (digest);
create index inbound_message on inbound (message_id);
create index inbound_waiting on inbound (sender, recipient, reference) where message_id is null;

create table idempotency (
  account_id integer not null,
  key text not null,
  digest blob not null,
  answer blob not null,
  expires_at integer not null,
  primary key (account_id, key)
);
create index idempotency_expires on idempotency (expires_at);

insert into account (id, name, created_at) values (1, 'default', 0);
insert into brand (id, account_id, name) values (1, 1, 'default');
