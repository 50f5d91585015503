-- Codes: what incoming texts mean, the version of an account's codes, how often they answered whom, what they call.
create table code (
  id integer primary key,
  account_id integer not null,
  name text not null,
  rule text not null,
  created_at integer not null,
  changed_at integer not null
);
create unique index code_name on code (account_id, name);

create table code_book (
  account_id integer primary key,
  version integer not null
);

create table reply_pace (
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
create index reply_pace_day on reply_pace (day_at);

create table code_call (
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
create index code_call_message on code_call (message_id);
create index code_call_waiting on code_call (endpoint, next_at, id) where next_at is not null;
create index code_call_finished on code_call (finished_at) where finished_at is not null;
