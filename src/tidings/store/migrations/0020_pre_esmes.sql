-- Customers' systems that bind to the SMPP door, and what is kept of the messages they submit.
create table esme (
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
);
create index esme_account on esme (account_id, id);
create unique index esme_system_id on esme (system_id) where closed_at is null;
create table submission (
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
create index submission_response on submission (esme_id, response_id);
