-- The binds of customers' ESMEs that stand, over all processes, so that they can be counted and shown anywhere.
create table esme_session (
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
create index esme_session_esme on esme_session (esme_id, id);
create index esme_session_holder on esme_session (holder);
