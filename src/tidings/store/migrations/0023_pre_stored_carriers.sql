-- Carriers that were made by the API, beside those of the configuration file; `settings` is JSON, passwords included.
create table carrier (
  account_id integer not null,
  name text not null,
  settings text not null,
  created_at integer not null,
  changed_at integer not null,
  primary key (account_id, name)
) without rowid;
