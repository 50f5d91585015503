-- Rates of callers that hold over several processes: until when the bucket of a key, an ESME or an account has to fill.
create table rate_use (
  owner integer primary key,
  account_id integer not null,
  full_at integer not null
);
create index rate_use_full on rate_use (full_at);
