-- Webhooks: who wants to hear, the outbox of what they are to be told, and the log of attempts.
create table webhook (
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
);
create index webhook_account on webhook (account_id, id);

create table webhook_secret (
  account_id integer not null,
  webhook_id integer not null,
  octets blob not null,
  created_at integer not null,
  ends_at integer
);
-- postgres: alter table webhook_secret add column rowid bigint generated always as identity;
create index webhook_secret_of on webhook_secret (webhook_id, account_id);

create table message_callback (
  message_id integer primary key,
  account_id integer not null,
  url text not null,
  events text not null
);

-- No index on next_at alone: rows are asked for by endpoint, and each endpoint knows when its next one falls due.
create table webhook_delivery (
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
create index webhook_delivery_account on webhook_delivery (account_id, id);
create index webhook_delivery_webhook on webhook_delivery (webhook_id, id) where webhook_id is not null;
create index webhook_delivery_message on webhook_delivery (message_id);
create index webhook_delivery_waiting on webhook_delivery (endpoint, next_at, id) where next_at is not null;

create table webhook_attempt (
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

create table webhook_cursor (
  id integer primary key,
  position integer not null,
  version integer not null
);
insert into webhook_cursor (id, position, version)
  values (1, (select coalesce(max(rowid), 0) from message_event), 0);
